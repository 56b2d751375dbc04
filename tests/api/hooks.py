"""What schemathesis cannot make up: a token that a person allowed, and assertions that count once.

`crates/server/tests/openapi.rs` goes through the protocol for them and passes them in the file `YINUO_GIVEN`. Every
answer is noted in the file `YINUO_SEEN`, one line each: which operation, which status.

Only data that fit the document are completed. What was made to break it goes out as it is.
"""

import itertools
import json
import os

import schemathesis

with open(os.environ["YINUO_GIVEN"], encoding="utf-8") as file:
    GIVEN = json.load(file)

ASSERTIONS = iter(GIVEN["assertions"])
TURN = itertools.count()
PROOF = ("client_assertion_type", "client_assertion")
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@schemathesis.auth()
class Bearer:
    def get(self, case, context):
        return GIVEN["access_token"]

    def set(self, case, data, context):
        # The protocol's own addresses refuse a second proof.
        if operation(case) == "disclose":
            case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.hook
def before_call(context, case, kwargs):
    if case.meta is None or not case.meta.generation.mode.is_positive or not isinstance(case.body, dict):
        return
    # Half of the time everything is as it should be; the other half only the proof is.
    given = GIVEN["bodies"].get(operation(case), {})
    if given and next(TURN) % 2 == 0:
        case.body = given | {name: case.body[name] for name in PROOF if name in case.body}
    if "client_assertion" in case.body:
        case.body |= dict(zip(PROOF, (ASSERTION_TYPE, next(ASSERTIONS))))


@schemathesis.hook
def after_call(context, case, response):
    with open(os.environ["YINUO_SEEN"], "a", encoding="utf-8") as file:
        file.write(f"{operation(case)} {response.status_code}\n")


def operation(case):
    return case.operation.definition.raw["operationId"]
