"""The list of cases as a careful Python service would answer it: FastAPI, asyncpg and orjson, the same statements, the same fields."""

import hashlib
import os
from contextlib import asynccontextmanager
from datetime import date, datetime, timezone

import asyncpg
import orjson
from fastapi import FastAPI, Header, HTTPException, Response

TOKEN, PAGE = os.environ["TOKEN_STATEMENT"], os.environ["PAGE_STATEMENT"]


@asynccontextmanager
async def lifespan(app):
    settings = {"plan_cache_mode": "force_generic_plan", "default_transaction_read_only": "on"}
    app.pool = await asyncpg.create_pool(os.environ["PEER_DATABASE"], min_size=4, max_size=4, server_settings=settings)
    yield
    await app.pool.close()


app = FastAPI(lifespan=lifespan)


def next_deadline(row, today):
    if row["next_deadline"] is None or row["next_deadline_on"] is None or row["next_deadline_on"] < today:
        return None
    return {"what": row["next_deadline"], "on": row["next_deadline_on"]}


def weeks_open(row, today):
    if row["status"] not in ("open", "decided_issue") or row["started_on"] is None or row["started_on"] > today:
        return None
    return (today - row["started_on"]).days // 7


def drift(kept):
    severity, rule, findings = kept.split(" ")
    return {"rule": rule, "severity": severity, "findings": int(findings)}


def listed(row, today):
    return {
        "reference": row["reference"],
        "team": row["team"],
        "restricted": row["restricted"],
        "status": row["status"],
        "started_on": row["started_on"],
        "weeks_open": weeks_open(row, today),
        "end": {"on": row["end_on"], "set_by": row["end_set_by"]} if row["end_on"] and row["end_set_by"] else None,
        "base_end": row["base_end_on"],
        "next_deadline": next_deadline(row, today),
        "rag": row["rag"],
        "reds": row["reds"],
        "ambers": row["ambers"],
        "since_on": row["since_on"],
        "rules": row["rules"],
        "drifts": [drift(kept) for kept in row["drifts"].split(", ") if kept],
    }


@app.get("/api/v1/cases")
async def cases(at_risk: bool, limit: int = 50, authorization: str = Header()):
    secret = bytes.fromhex(authorization.removeprefix("Bearer plo_"))
    async with app.pool.acquire() as connection:
        token = await connection.fetchrow(TOKEN, hashlib.sha256(secret).digest())
        if token is None or token["revoked_at"] or (token["expires_at"] and token["expires_at"] <= datetime.now(timezone.utc)):
            raise HTTPException(401)
        after, before = ("0", "2") if at_risk else ("2", "3")
        rows = await connection.fetch(PAGE, token["may_see_restricted"], limit + 1, after, before)
    today = date.today()
    shown = rows[:limit]
    more = len(rows) > limit
    body = orjson.dumps({
        "as_of": min((row["looked_on"] for row in shown if row["looked_on"]), default=None),
        "cases": [listed(row, today) for row in shown],
        "next_cursor": ("risk " + shown[-1]["risk_key"]).encode().hex() if more else None,
    })
    tag = f'"{hashlib.sha256(body).hexdigest()}"'
    return Response(body, media_type="application/json", headers={"ETag": tag})
