"""OpenAPI 3.1 documents of the four APIs, written from the standard in our own words."""

from __future__ import annotations

from typing import Any, Final

from ipse.standards import camara
from ipse.standards.camara import Api, Code, Scope

Json = dict[str, Any]

_NUMBER: Final[Json] = {
    "type": "string",
    "pattern": r"^\+[1-9][0-9]{4,14}$",
    "description": "A number as E.164 writes it, with its plus sign and without spaces.",
    "examples": ["+32470123456"],
}
_CORRELATOR: Final[Json] = {"type": "string", "pattern": r"^[a-zA-Z0-9\-_:;.\/<>{}]{0,256}$"}
_MOMENT: Final[Json] = {"type": "string", "format": "date-time", "description": "RFC 3339, with a zone."}
_TITLES: Final = {
    Api.NUMBER_VERIFICATION: ("Number Verification", "2.1.0", camara.NUMBER_VERIFICATION),
    Api.SIM_SWAP: ("SIM Swap", "2.1.0", camara.SIM_SWAP),
    Api.SIM_SWAP_SUBSCRIPTIONS: ("SIM Swap Subscriptions", "0.3.0", camara.SUBSCRIPTIONS),
    Api.OTP_SMS: ("One Time Password SMS", "1.1.1", camara.OTP_SMS),
}
_ABOUT: Final = {
    Api.NUMBER_VERIFICATION: "Does the SIM whose mobile network carries this person have this number? Needs a token of "
    "that person, from the code flow over the mobile network, which works for one call.",
    Api.SIM_SWAP: "Was the SIM of a number changed lately, and when? The number stands in the request with a token of "
    "the client alone, and must be left out with a token of one person.",
    Api.SIM_SWAP_SUBSCRIPTIONS: "Be told when the SIM of a number changes: CloudEvents 1.0 in structured mode, sent to "
    "an address of your own with a token of your own. A sink that answers 410 is not told again.",
    Api.OTP_SMS: "Send digits to a number by text message, and judge what the person typed.",
}
_STATUS_WORDS: Final = {
    400: "The request is not what this API describes.",
    401: "No access token, or none that is good.",
    403: "The token does not allow this.",
    404: "Not known here.",
    405: "This address answers to other methods.",
    409: "It is there already.",
    422: "Understood, but it cannot be done for this number or with this token.",
    429: "Too many calls.",
}


def description(api: Api, root: str) -> Json:
    """The document of one API behind the API root of an operator."""
    title, version, base = _TITLES[api]
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"{title}, as Ipse reads it",
            "version": version,
            "summary": f"GSMA CAMARA {title} {version}, in the words of Ipse.",
            "description": _ABOUT[api],
            "license": {"name": "Apache 2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": root + base}],
        "paths": {path: _with_correlator(item) for path, item in _PATHS[api].items()},
        "components": {
            "securitySchemes": {
                "operator": {
                    "type": "openIdConnect",
                    "openIdConnectUrl": f"{root}/.well-known/openid-configuration",
                }
            },
            "schemas": {"PhoneNumber": _NUMBER, **_SCHEMAS[api]},
        },
    }


def _object(required: tuple[str, ...], about: str = "", /, **properties: Json) -> Json:
    shape: Json = {"type": "object", "required": list(required), "properties": properties}
    return shape | ({"description": about} if about else {}) if required else _without(shape, "required", about)


def _without(shape: Json, name: str, about: str) -> Json:
    kept = {key: value for key, value in shape.items() if key != name}
    return kept | ({"description": about} if about else {})


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _problem(status: int, codes: tuple[str, ...]) -> Json:
    schema = _object(
        ("status", "code", "message"),
        status={"type": "integer", "const": status},
        code={"type": "string", "enum": list(codes)},
        message={"type": "string", "minLength": 1},
    )
    return {"description": _STATUS_WORDS[status], **_said(schema)}


def _said(schema: Json) -> Json:
    return {"headers": {"x-correlator": {"schema": _CORRELATOR}}, "content": {"application/json": {"schema": schema}}}


def _operation(
    operation_id: str,
    summary: str,
    *,
    scopes: tuple[Scope, ...],
    answers: dict[int, Json | None],
    errors: dict[int, tuple[Code, ...]],
    body: str | None = None,
) -> Json:
    """One operation: 401 and 403 are everywhere."""
    denied = (Code.PERMISSION_DENIED, *errors.get(403, ()))
    problems = {401: (Code.UNAUTHENTICATED,), 400: (Code.INVALID_ARGUMENT,), **errors, 403: denied}
    responses = {str(status): _success(schema) for status, schema in answers.items()}
    responses |= {
        str(status): _problem(status, tuple(str(code) for code in codes)) for status, codes in sorted(problems.items())
    }
    operation: Json = {
        "operationId": operation_id,
        "summary": summary,
        "security": [{"operator": [str(scope)]} for scope in scopes],
        "responses": responses,
    }
    if body is not None:
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": _ref(body)}}}
    return operation


def _success(schema: Json | None) -> Json:
    if schema is None:
        return {"description": "Done.", "headers": {"x-correlator": {"schema": _CORRELATOR}}}
    return {"description": "The answer.", **_said(schema)}


def _with_correlator(item: Json) -> Json:
    header = {
        "name": "x-correlator",
        "in": "header",
        "description": "Comes back in the answer.",
        "schema": _CORRELATOR,
    }
    return {**item, "parameters": [header, *item.get("parameters", [])]}


_ABOUT_A_NUMBER: Final = (Code.SERVICE_NOT_APPLICABLE, Code.MISSING_IDENTIFIER, Code.UNNECESSARY_IDENTIFIER)
_BUSY: Final = (Code.QUOTA_EXCEEDED, Code.TOO_MANY_REQUESTS)
_NO_NETWORK: Final = (Code.NOT_ON_MOBILE_NETWORK,)
_ONE_SUBSCRIPTION: Final[Json] = {
    "name": "subscriptionId",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "minLength": 1},
}

_PATHS: Final[dict[Api, Json]] = {
    Api.NUMBER_VERIFICATION: {
        "/verify": {
            "post": _operation(
                "phoneNumberVerify",
                "Is this the number of the SIM that the person came with?",
                scopes=(Scope.VERIFY,),
                body="NumberToVerify",
                answers={200: _ref("NumberVerified")},
                errors={403: _NO_NETWORK},
            )
        },
        "/device-phone-number": {
            "get": _operation(
                "phoneNumberShare",
                "Which number does the SIM have that the person came with?",
                scopes=(Scope.DEVICE_PHONE_NUMBER,),
                answers={200: _ref("DeviceNumber")},
                errors={403: _NO_NETWORK},
            )
        },
    },
    Api.SIM_SWAP: {
        "/check": {
            "post": _operation(
                "checkSimSwap",
                "Was the SIM changed in the last so many hours?",
                scopes=(Scope.CHECK, Scope.SIM_SWAP),
                body="SwapToCheck",
                answers={200: _ref("SwapChecked")},
                errors={
                    400: (Code.INVALID_ARGUMENT, Code.OUT_OF_RANGE),
                    404: (Code.NOT_FOUND, Code.IDENTIFIER_NOT_FOUND),
                    422: _ABOUT_A_NUMBER,
                    429: _BUSY,
                },
            )
        },
        "/retrieve-date": {
            "post": _operation(
                "retrieveSimSwapDate",
                "When was the SIM last changed?",
                scopes=(Scope.RETRIEVE_DATE, Scope.SIM_SWAP),
                body="SwapDateAsked",
                answers={200: _ref("SwapDate")},
                errors={
                    404: (Code.NOT_FOUND, Code.IDENTIFIER_NOT_FOUND),
                    422: _ABOUT_A_NUMBER,
                    429: _BUSY,
                },
            )
        },
    },
    Api.SIM_SWAP_SUBSCRIPTIONS: {
        "/subscriptions": {
            "post": _operation(
                "createSimSwapSubscription",
                "Begin to be told of SIM changes of one number.",
                scopes=(Scope.SUBSCRIBE,),
                body="NewSubscription",
                answers={201: _ref("Subscription")},
                errors={
                    400: (
                        Code.INVALID_ARGUMENT,
                        Code.OUT_OF_RANGE,
                        Code.INVALID_PROTOCOL,
                        Code.INVALID_CREDENTIAL,
                        Code.INVALID_TOKEN,
                        Code.INVALID_SINK,
                    ),
                    404: (Code.IDENTIFIER_NOT_FOUND,),
                    409: (Code.ALREADY_EXISTS,),
                    422: _ABOUT_A_NUMBER,
                    429: _BUSY,
                },
            ),
            "get": _operation(
                "retrieveSubscriptionList",
                "What you are told of, all of it.",
                scopes=(Scope.READ_SUBSCRIPTIONS,),
                answers={200: {"type": "array", "items": _ref("Subscription")}},
                errors={},
            ),
        },
        "/subscriptions/{subscriptionId}": {
            "parameters": [_ONE_SUBSCRIPTION],
            "get": _operation(
                "retrieveSubscription",
                "One subscription.",
                scopes=(Scope.READ_SUBSCRIPTIONS,),
                answers={200: _ref("Subscription")},
                errors={404: (Code.NOT_FOUND,)},
            ),
            "delete": _operation(
                "deleteSubscription",
                "Be told no longer.",
                scopes=(Scope.DELETE_SUBSCRIPTIONS,),
                answers={204: None},
                errors={404: (Code.NOT_FOUND,)},
            ),
        },
    },
    Api.OTP_SMS: {
        "/send-code": {
            "post": _operation(
                "sendCode",
                "Send digits to a number.",
                scopes=(Scope.SEND_VALIDATE,),
                body="CodeToSend",
                answers={200: _ref("CodeSent")},
                errors={
                    403: (Code.MAX_OTP_CODES_EXCEEDED, Code.PHONE_NUMBER_NOT_ALLOWED, Code.PHONE_NUMBER_BLOCKED),
                    404: (Code.NOT_FOUND,),
                    429: _BUSY,
                },
            )
        },
        "/validate-code": {
            "post": _operation(
                "validateCode",
                "Are these the digits? Three tries, five minutes, once.",
                scopes=(Scope.SEND_VALIDATE,),
                body="CodeToValidate",
                answers={204: None},
                errors={
                    400: (
                        Code.INVALID_ARGUMENT,
                        Code.VERIFICATION_FAILED,
                        Code.VERIFICATION_EXPIRED,
                        Code.INVALID_OTP,
                    ),
                    404: (Code.NOT_FOUND,),
                    429: _BUSY,
                },
            )
        },
    },
}

_CONFIG: Final = _object(
    ("subscriptionDetail",),
    subscriptionDetail=_object((), "Left empty with a token of one person.", phoneNumber=_ref("PhoneNumber")),
    subscriptionExpireTime=_MOMENT,
    subscriptionMaxEvents={"type": "integer", "minimum": 1},
)
_SINK: Final[Json] = {"type": "string", "format": "uri", "pattern": "^https?://.+$"}
_TYPES: Final[Json] = {
    "type": "array",
    "minItems": 1,
    "maxItems": 1,
    "items": {"type": "string", "const": str(camara.EventType.SWAPPED)},
}
_DIGITS: Final[Json] = {"type": "string", "maxLength": 10}
_ATTEMPT: Final[Json] = {"type": "string", "maxLength": 36}
_SCHEMAS: Final[dict[Api, Json]] = {
    Api.NUMBER_VERIFICATION: {
        "NumberToVerify": {
            "type": "object",
            "minProperties": 1,
            "maxProperties": 1,
            "additionalProperties": False,
            "properties": {
                "phoneNumber": _ref("PhoneNumber"),
                "hashedPhoneNumber": {
                    "type": "string",
                    "pattern": "^[a-fA-F0-9]{64}$",
                    "description": "SHA-256 in hexadecimal of the number with its plus sign.",
                },
            },
        },
        "NumberVerified": _object(("devicePhoneNumberVerified",), devicePhoneNumberVerified={"type": "boolean"}),
        "DeviceNumber": _object(("devicePhoneNumber",), devicePhoneNumber=_ref("PhoneNumber")),
    },
    Api.SIM_SWAP: {
        "SwapToCheck": _object(
            (),
            phoneNumber=_ref("PhoneNumber"),
            maxAge={
                "type": "integer",
                "minimum": 1,
                "maximum": camara.OLDEST_HOURS,
                "default": camara.DEFAULT_HOURS,
                "description": "Hours.",
            },
        ),
        "SwapChecked": _object(("swapped",), swapped={"type": "boolean"}),
        "SwapDateAsked": _object((), phoneNumber=_ref("PhoneNumber")),
        "SwapDate": _object(
            ("latestSimChange",),
            latestSimChange={"type": ["string", "null"], "format": "date-time"},
            monitoredPeriod={"type": "integer", "description": "Days that the operator may look back."},
        ),
    },
    Api.SIM_SWAP_SUBSCRIPTIONS: {
        "NewSubscription": _object(
            ("sink", "protocol", "config", "types"),
            protocol={"type": "string", "const": "HTTP"},
            sink=_SINK,
            types=_TYPES,
            config=_CONFIG,
            sinkCredential=_object(
                ("credentialType", "accessToken", "accessTokenExpiresUtc", "accessTokenType"),
                credentialType={"type": "string", "const": "ACCESSTOKEN"},
                accessToken={"type": "string", "pattern": "^[!-~]{1,2048}$"},
                accessTokenExpiresUtc=_MOMENT,
                accessTokenType={"type": "string", "const": "bearer"},
            ),
        ),
        "Subscription": _object(
            ("sink", "protocol", "config", "types", "id"),
            id={"type": "string", "minLength": 1},
            protocol={"type": "string", "const": "HTTP"},
            sink=_SINK,
            types=_TYPES,
            config=_CONFIG,
            startsAt=_MOMENT,
            expiresAt=_MOMENT,
            status={"type": "string", "enum": [str(state) for state in camara.SubscriptionState]},
        ),
        "Event": _object(
            ("id", "source", "type", "specversion", "time"),
            "What arrives at the sink, as application/cloudevents+json.",
            id={"type": "string", "minLength": 1},
            source={"type": "string", "format": "uri-reference", "minLength": 1},
            type={"type": "string", "enum": [str(kind) for kind in camara.EventType]},
            specversion={"type": "string", "const": "1.0"},
            datacontenttype={"type": "string", "const": "application/json"},
            time=_MOMENT,
            data=_object(
                ("subscriptionId",),
                subscriptionId={"type": "string"},
                phoneNumber=_ref("PhoneNumber"),
                initiationReason={"type": "string", "const": "SUBSCRIPTION_CREATED"},
                updateReason={"type": "string", "enum": ["SUBSCRIPTION_ACTIVE", "SUBSCRIPTION_INACTIVE"]},
                terminationReason={"type": "string", "enum": [str(reason) for reason in camara.Termination]},
            ),
        ),
    },
    Api.OTP_SMS: {
        "CodeToSend": _object(
            ("phoneNumber", "message"),
            phoneNumber=_ref("PhoneNumber"),
            message={
                "type": "string",
                "maxLength": camara.MESSAGE_LENGTH,
                "pattern": r"\{\{code\}\}",
                "description": "Holds `{{code}}` where the digits go.",
            },
        ),
        "CodeSent": _object(("authenticationId",), authenticationId=_ATTEMPT),
        "CodeToValidate": _object(("authenticationId", "code"), authenticationId=_ATTEMPT, code=_DIGITS),
    },
}
