// An OpenID provider for the tests: oidc-provider, with signed access tokens for clients, on 127.0.0.1. Its one argument is JSON:
// port (0: any), now (its clock stands still there, in milliseconds), lifetime of tokens in seconds, and clients by name with the
// claims of their tokens. Says its address, and ends when its standard input does.

import { generateKeyPairSync, randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { Provider } from "oidc-provider";

const { port, now, lifetime, clients } = JSON.parse(process.argv[2]);
process.stdin.resume().on("end", () => process.exit());
Date.now = () => now;

const server = createServer();
server.listen(port, "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const key = { ...privateKey.export({ format: "jwk" }), kid: randomUUID(), use: "sig", alg: "RS256" };
  const provider = new Provider(issuer, {
    jwks: { keys: [key] },
    clients: Object.keys(clients).map((client_id) => ({
      client_id,
      client_secret: "secret",
      grant_types: ["client_credentials"],
      redirect_uris: [],
      response_types: [],
    })),
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
  server.on("request", provider.callback());
  console.log(issuer);
});
