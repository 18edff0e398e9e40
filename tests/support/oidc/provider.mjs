// An OpenID provider for the tests: oidc-provider, on 127.0.0.1. It gives signed access tokens to clients and, where `board` is given,
// signs people in to the pages with the authorisation code flow and PKCE. Its one argument is JSON:
//   port      0: any
//   now       its clock stands still there, in milliseconds; null: it goes
//   lifetime  of tokens, in seconds
//   clients   by name, each with the claims of its tokens
//   board     null, or the client `board`: secret, redirect_uris, post_logout_redirect_uris, and people by name, each with their claims
// Says its address, and ends when its standard input does.

import { generateKeyPairSync, randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { Provider } from "oidc-provider";

const { port, now, lifetime, clients, board } = JSON.parse(process.argv[2]);
process.stdin.resume().on("end", () => process.exit());
if (now !== null) Date.now = () => now;
const people = board?.people ?? {};

const ofClient = (client_id) => ({
  client_id,
  client_secret: "secret",
  grant_types: ["client_credentials"],
  redirect_uris: [],
  response_types: [],
});
const ofBoard = ({ secret, redirect_uris, post_logout_redirect_uris }) => ({
  client_id: "board",
  client_secret: secret,
  token_endpoint_auth_method: "client_secret_post",
  grant_types: ["authorization_code"],
  response_types: ["code"],
  redirect_uris,
  post_logout_redirect_uris,
});

// Whoever is chosen is signed in: there are no passwords, and nobody is asked for consent.
async function choose(provider, request, response) {
  const { uid } = await provider.interactionDetails(request, response);
  if (request.method === "POST") {
    const body = (await request.toArray()).join("");
    const accountId = new URLSearchParams(body).get("person");
    if (!(accountId in people)) return response.writeHead(400).end();
    return provider.interactionFinished(request, response, { login: { accountId } });
  }
  const buttons = Object.keys(people).map((person) => `<button name="person" value="${person}">${person}</button>`);
  response.writeHead(200, { "content-type": "text/html; charset=utf-8" });
  response.end(`<!doctype html><html lang="en"><title>Who are you?</title><h1>Who are you?</h1>
<form method="post" action="/interaction/${uid}">${buttons.join("\n")}</form></html>`);
}

const server = createServer();
server.listen(port, "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const key = { ...privateKey.export({ format: "jwk" }), kid: randomUUID(), use: "sig", alg: "RS256" };
  const provider = new Provider(issuer, {
    jwks: { keys: [key] },
    cookies: { keys: [randomUUID()] },
    clients: [...Object.keys(clients).map(ofClient), ...(board ? [ofBoard(board)] : [])],
    // What a person may do is in the ID token itself, as it is with Microsoft Entra ID.
    claims: { openid: ["sub", ...new Set(Object.values(people).flatMap(Object.keys))] },
    conformIdTokenClaims: false,
    findAccount: (_, accountId) => ({ accountId, claims: () => ({ sub: accountId, ...people[accountId] }) }),
    async loadExistingGrant({ oidc: { client, session, provider, params } }) {
      const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
      grant.addOIDCScope(params.scope);
      await grant.save();
      return grant;
    },
    interactions: { url: (_, { uid }) => `/interaction/${uid}` },
    pkce: { required: () => true },
    scopes: ["openid", "email"],
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_, audience) => ({ scope: "", audience, accessTokenTTL: lifetime, accessTokenFormat: "jwt" }),
      },
    },
    extraTokenClaims: (_, token) => clients[token.clientId],
  });
  const answer = provider.callback();
  server.on("request", (request, response) => {
    if (!request.url.startsWith("/interaction/")) return answer(request, response);
    choose(provider, request, response).catch(() => response.writeHead(400).end());
  });
  console.log(issuer);
});
