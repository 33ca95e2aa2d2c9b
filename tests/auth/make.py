#!/usr/bin/env python3
"""Writes tokens.json and signatures.json: what other implementations sign, for ours to judge.

Needs the packages `cryptography` (OpenSSL's keys) and `botocore` (AWS's signatures). Keys are drawn anew each time and
only their public halves are kept, so a new case means running this again and reading what the tests say to it.
"""
import base64, datetime, hashlib, hmac, json, pathlib
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

HERE = pathlib.Path(__file__).parent
NOON = 1795348800  # 2026-11-22T12:00:00Z, where the clock of the tests stands
HASHES = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def compact(value):
    return json.dumps(value, separators=(",", ":")).encode()


def number(value, length=None):
    return b64(value.to_bytes(length or (value.bit_length() + 7) // 8, "big"))


RSA = rsa.generate_private_key(65537, 2048)
OTHER = rsa.generate_private_key(65537, 2048)
WEAK = rsa.generate_private_key(65537, 1024)
EC = {"256": ec.generate_private_key(ec.SECP256R1()), "384": ec.generate_private_key(ec.SECP384R1()),
      "512": ec.generate_private_key(ec.SECP521R1())}
SECRET = hashlib.sha512(b"shared by the issuer and us").digest()


def rsa_jwk(key, kid, **more):
    public = key.public_key().public_numbers()
    return {"kty": "RSA", "kid": kid, "n": number(public.n), "e": number(public.e), **more}


def ec_jwk(key, kid, crv, length):
    public = key.public_key().public_numbers()
    return {"kty": "EC", "kid": kid, "crv": crv, "x": number(public.x, length), "y": number(public.y, length)}


KEYS = {"keys": [
    rsa_jwk(RSA, "rsa"),
    rsa_jwk(RSA, "rsa-for-rs256", alg="RS256", use="sig"),
    rsa_jwk(RSA, "rsa-for-encryption", use="enc"),
    rsa_jwk(WEAK, "weak"),
    {key: value for key, value in rsa_jwk(RSA, "").items() if key != "kid"},
    ec_jwk(EC["256"], "ec256", "P-256", 32), ec_jwk(EC["384"], "ec384", "P-384", 48),
    ec_jwk(EC["512"], "ec512", "P-521", 66),
    {"kty": "oct", "kid": "secret", "k": b64(SECRET)},
    {"kty": "oct", "kid": "short", "k": b64(b"too short")},
    {"kty": "OKP", "kid": "not-understood", "crv": "Ed25519", "x": b64(b"x" * 32)},
    "no key at all",
]}


def sign(algorithm, message, key):
    kind, size = algorithm[:2], algorithm[2:]
    if kind == "RS":
        return key.sign(message, padding.PKCS1v15(), HASHES[size])
    if kind == "PS":
        pss = padding.PSS(mgf=padding.MGF1(HASHES[size]), salt_length=padding.PSS.DIGEST_LENGTH)
        return key.sign(message, pss, HASHES[size])
    if kind == "ES":
        length = (key.curve.key_size + 7) // 8
        r, s = decode_dss_signature(key.sign(message, ec.ECDSA(HASHES[size])))
        return r.to_bytes(length, "big") + s.to_bytes(length, "big")
    if kind == "HS":
        return hmac.new(key, message, "sha" + size).digest()
    raise ValueError(algorithm)


def token(claims, alg="RS256", kid="rsa", key=RSA, header=None):
    header = {"alg": alg, "typ": "JWT", "kid": kid} if header is None else header
    message = f"{b64(compact(header))}.{b64(compact(claims))}".encode()
    return message.decode() + "." + b64(sign(alg, message, key))


ISSUER = "https://issuer.test"
POOL = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Pool"
OIDC = {"authentication": {"type": "OPENID_CONNECT", "config": {"issuer": ISSUER}}}
STRICT = {**OIDC, "additionalAuthentications": [{"type": "AWS_IAM"}]}
COGNITO = {"authentication": {"type": "AMAZON_COGNITO_USER_POOLS", "config": {"userPoolId": "eu-central-1_Pool"}}}


def oidc(**config):
    return {"authentication": {"type": "OPENID_CONNECT", "config": {"issuer": ISSUER, **config}}}


def cognito(**config):
    return {"authentication": {"type": "AMAZON_COGNITO_USER_POOLS",
                               "config": {"userPoolId": "eu-central-1_Pool", **config}}}


CLAIMS = {"iss": ISSUER, "sub": "u-1", "aud": "web", "exp": NOON + 60, "iat": NOON - 60}
ID = {"sub": "u-1", "iss": POOL, "cognito:username": "ada", "cognito:groups": ["admins"], "aud": "web",
      "token_use": "id", "exp": NOON + 60, "iat": NOON - 60, "auth_time": NOON - 60}
ACCESS = {"sub": "u-1", "iss": POOL, "username": "ada", "client_id": "web", "token_use": "access",
          "scope": "aws.cognito.signin.user.admin", "exp": NOON + 60, "iat": NOON - 60}

NO = "You are not authorized to make this call."
OLD = "Token has expired."
GARBAGE = "Unable to parse JWT token."


def user(claims):
    return {"sub": claims.get("sub"), "issuer": claims.get("iss"), "claims": claims}


def pool_user(claims, username="ada", strategy="ALLOW"):
    return {"sub": "u-1", "issuer": POOL, "username": username, "claims": claims, "sourceIp": ["203.0.113.9"],
            "defaultAuthStrategy": strategy, "groups": claims.get("cognito:groups")}


cases = []


def case(name, config, authorization, expected):
    outcome = {"denied": expected} if isinstance(expected, str) else {"identity": expected}
    cases.append({"name": name, "config": config, "authorization": authorization, **outcome})


def without(claims, *names):
    return {key: value for key, value in claims.items() if key not in names}


for size in ("256", "384", "512"):
    case(f"RS{size}", STRICT, token(CLAIMS, "RS" + size), user(CLAIMS))
    case(f"PS{size}", STRICT, token(CLAIMS, "PS" + size), user(CLAIMS))
    case(f"ES{size}", STRICT, token(CLAIMS, "ES" + size, "ec" + size, EC[size]), user(CLAIMS))
    case(f"HS{size}", STRICT, token(CLAIMS, "HS" + size, "secret", SECRET), user(CLAIMS))
good = token(CLAIMS)
case("with Bearer", STRICT, "Bearer " + good, user(CLAIMS))
case("with bearer in lower case", STRICT, "bearer " + good, user(CLAIMS))
case("signed by somebody else under a known key's name", STRICT, token(CLAIMS, key=OTHER), NO)
case("a claim changed after signing", STRICT,
     ".".join([good.split(".")[0], b64(compact({**CLAIMS, "sub": "root"})), good.split(".")[2]]), NO)
case("the signature of another token", STRICT, good.rsplit(".", 1)[0] + "." + token({**CLAIMS, "sub": "x"}).rsplit(".", 1)[1], NO)
case("without its signature", STRICT, good.rsplit(".", 1)[0] + ".", NO)
for name in ("none", "None", "NONE", "nOnE"):
    header = {"alg": name, "kid": "rsa"}
    case(f"alg {name}", STRICT, f"{b64(compact(header))}.{b64(compact(CLAIMS))}.", NO)
    case(f"alg {name} with a good signature", STRICT, token(CLAIMS, header=header), NO)
pem = RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
modulus = RSA.public_key().public_numbers().n.to_bytes(256, "big")
for what, secret in (("PEM", pem), ("modulus", modulus), ("modulus as text", b64(modulus).encode())):
    case(f"key confusion: the public key's {what} as the secret of HS256", STRICT, token(CLAIMS, "HS256", "rsa", secret), NO)
case("key confusion: RS256 under the name of an EC key", STRICT, token(CLAIMS, "RS256", "ec256"), NO)
case("key confusion: ES256 under the name of an RSA key", STRICT, token(CLAIMS, "ES256", "rsa", EC["256"]), NO)
case("ES256 made with the key of another curve", STRICT, token(CLAIMS, "ES256", "ec384", EC["384"]), NO)
case("an empty secret", STRICT, token(CLAIMS, "HS256", "rsa", b""), NO)
case("a secret that is too short", STRICT, token(CLAIMS, "HS256", "short", b"too short"), NO)
case("an RSA key that is too short", STRICT, token(CLAIMS, kid="weak", key=WEAK), NO)
case("a key that is for another algorithm", STRICT, token(CLAIMS, "PS256", "rsa-for-rs256"), NO)
case("a key with its algorithm", STRICT, token(CLAIMS, kid="rsa-for-rs256"), user(CLAIMS))
case("a key that is for encryption", STRICT, token(CLAIMS, kid="rsa-for-encryption"), NO)
case("a key that nobody knows", STRICT, token(CLAIMS, kid="unknown"), NO)
case("no kid", STRICT, token(CLAIMS, header={"alg": "RS256"}), NO)
case("a kid that is no text", STRICT, token(CLAIMS, header={"alg": "RS256", "kid": 7}), NO)
case("a key of its own in the header", STRICT, token(CLAIMS, key=OTHER, header={"alg": "RS256", "kid": "mine", "jwk": rsa_jwk(OTHER, "mine")}), NO)
case("the address of its own keys in the header", STRICT,
     token(CLAIMS, key=OTHER, header={"alg": "RS256", "kid": "rsa", "jku": "https://evil.test/keys"}), NO)
case("crit names what nobody understands", STRICT, token(CLAIMS, header={"alg": "RS256", "kid": "rsa", "crit": ["exp"]}), NO)
case("an unencoded payload", STRICT, token(CLAIMS, header={"alg": "RS256", "kid": "rsa", "b64": False}), NO)
case("an algorithm that is not taken", STRICT, token(CLAIMS, header={"alg": "EdDSA", "kid": "not-understood"}), NO)
zero = good.rsplit(".", 1)[0].replace(b64(compact({"alg": "RS256", "typ": "JWT", "kid": "rsa"})), b64(compact({"alg": "ES256", "kid": "ec256"})))
case("an ES256 signature of zeros", STRICT, zero + "." + b64(bytes(64)), NO)
for what, text in (("a word", "garbage"), ("two parts", "e30.e30"), ("four parts", good + ".e30"), ("no base64", "a!.b!.c!"),
                   ("padding", good + "="), ("no JSON", ".".join([b64(b"x")] * 3)), ("a list", f"{b64(b'[]')}.{b64(b'{}')}."),
                   ("a claims list", f"{b64(b'{}')}.{b64(b'[]')}."), ("Bearer alone", "Bearer "), ("nothing between", "..")):
    case(f"garbage: {what}", STRICT, text, GARBAGE)
case("Basic", STRICT, "Basic dXNlcjpwYXNz", GARBAGE)
case("longer than any token", STRICT, good + "A" * 20000, NO)

case("in its last second", STRICT, token({**CLAIMS, "exp": NOON + 1}), user({**CLAIMS, "exp": NOON + 1}))
case("expired", STRICT, token({**CLAIMS, "exp": NOON - 1}), OLD)
case("expires now", STRICT, token({**CLAIMS, "exp": NOON}), OLD)
case("expires in fractions", STRICT, token({**CLAIMS, "exp": NOON + 0.5}), user({**CLAIMS, "exp": NOON + 0.5}))
case("expired, and signed by somebody else", STRICT, token({**CLAIMS, "exp": NOON - 1}, key=OTHER), NO)
case("never expires", STRICT, token(without(CLAIMS, "exp")), NO)
case("expires at a text", STRICT, token({**CLAIMS, "exp": "tomorrow"}), NO)
case("not yet", STRICT, token({**CLAIMS, "nbf": NOON + 60}), NO)
case("from now on", STRICT, token({**CLAIMS, "nbf": NOON}), user({**CLAIMS, "nbf": NOON}))
case("another issuer", STRICT, token({**CLAIMS, "iss": "https://other.test"}), NO)
case("another issuer, where OpenID Connect is the only way", OIDC, token({**CLAIMS, "iss": "https://other.test"}),
     user({**CLAIMS, "iss": "https://other.test"}))
case("no issuer", STRICT, token(without(CLAIMS, "iss")), NO)
case("an issuer that begins like ours", STRICT, token({**CLAIMS, "iss": ISSUER + ".evil.test"}), NO)
case("our issuer with a slash", STRICT, token({**CLAIMS, "iss": ISSUER + "/"}), user({**CLAIMS, "iss": ISSUER + "/"}))
case("no sub", STRICT, token(without(CLAIMS, "sub")), user(without(CLAIMS, "sub")))

case("a client that is let in", oidc(clientId="web|app"), token(CLAIMS), user(CLAIMS))
case("the audience is a list", oidc(clientId="app"), token({**CLAIMS, "aud": ["web", "app"]}), user({**CLAIMS, "aud": ["web", "app"]}))
case("the authorized party", oidc(clientId="app"), token({**CLAIMS, "azp": "app"}), user({**CLAIMS, "azp": "app"}))
case("wrong audience", oidc(clientId="app"), token(CLAIMS), NO)
case("no audience", oidc(clientId="app"), token(without(CLAIMS, "aud")), NO)
case("an audience that only begins like ours", oidc(clientId="app"), token({**CLAIMS, "aud": "app-of-evil"}), NO)
case("an audience of another kind", oidc(clientId="app"), token({**CLAIMS, "aud": {"app": "app"}}), NO)
case("just issued", oidc(iatTTL=60000), token(CLAIMS), user(CLAIMS))
case("issued too long ago", oidc(iatTTL=59999), token(CLAIMS), OLD)
case("nobody knows when it was issued", oidc(iatTTL=60000), token(without(CLAIMS, "iat")), NO)
case("signed in too long ago", oidc(authTTL=1000), token({**CLAIMS, "auth_time": NOON - 2}), OLD)
case("signed in just now", oidc(authTTL=1000), token({**CLAIMS, "auth_time": NOON - 1}), user({**CLAIMS, "auth_time": NOON - 1}))
case("nobody knows when the user signed in", oidc(authTTL=1000), token(CLAIMS), NO)

case("Cognito: id token", COGNITO, token(ID), pool_user(ID))
case("Cognito: access token", COGNITO, token(ACCESS), pool_user(ACCESS))
case("Cognito: DENY shows in the identity", cognito(defaultAction="DENY"), token(ID), pool_user(ID, strategy="DENY"))
case("Cognito: a machine's token", COGNITO, token(without(ACCESS, "username")), pool_user(without(ACCESS, "username"), "u-1"))
case("Cognito: no other algorithm", COGNITO, token(ID, "RS512"), NO)
case("Cognito: another pool", COGNITO, token({**ID, "iss": POOL + "2"}), NO)
case("Cognito: expired", COGNITO, token({**ID, "exp": NOON - 1}), OLD)
case("Cognito: neither id nor access token", COGNITO, token({**ID, "token_use": "refresh"}), NO)
case("Cognito: it does not say what it is for", COGNITO, token(without(ID, "token_use")), NO)
case("Cognito: id token of a client that is let in", cognito(appIdClientRegex="^we.$"), token(ID), pool_user(ID))
case("Cognito: id token of another client", cognito(appIdClientRegex="app"), token(ID), NO)
case("Cognito: access token of a client that is let in", cognito(appIdClientRegex="web"), token(ACCESS), pool_user(ACCESS))
case("Cognito: access token of another client", cognito(appIdClientRegex="app"), token({**ACCESS, "aud": "app"}), NO)
case("Cognito: groups that are no list", COGNITO, token({**ID, "cognito:groups": "admins"}),
     {**pool_user({**ID, "cognito:groups": "admins"}), "groups": None})

tokens = {"now": "2026-11-22T12:00:00Z", "keySets": {
    "https://issuer.test/keys": KEYS, POOL + "/.well-known/jwks.json": KEYS,
}, "descriptions": {ISSUER + "/.well-known/openid-configuration": {"issuer": ISSUER, "jwks_uri": ISSUER + "/keys"}}, "cases": cases}
(HERE / "tokens.json").write_text(json.dumps(tokens, indent=1, ensure_ascii=False) + "\n")

# Signatures ---------------------------------------------------------------------------------------------------------

signatures = []
BODY = '{"query":"{ me }"}'
WRONG = "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."


class At(datetime.datetime):
    """botocore asks this for the time."""
    moment = NOON

    @classmethod
    def utcnow(cls):
        return datetime.datetime.fromtimestamp(cls.moment, datetime.timezone.utc).replace(tzinfo=None)

    @classmethod
    def now(cls, tz=None):
        return datetime.datetime.fromtimestamp(cls.moment, tz)


import botocore.auth, botocore.compat
if hasattr(botocore.auth, "get_current_datetime"):
    botocore.auth.get_current_datetime = lambda remove_tzinfo=True: At.utcnow()
else:
    botocore.auth.datetime.datetime = At


def signed(name, expected, change=lambda request: None, key="AKIALOCAL", secret="a secret for tests", service="appsync",
           region="eu-central-1", at=NOON, method="POST", path="/graphql", query="", body=BODY, headers=None):
    At.moment = at
    url = f"https://api.test{path}" + (f"?{query}" if query else "")
    request = AWSRequest(method=method, url=url, data=body, headers={"host": "api.test", "content-type": "application/json", **(headers or {})})
    SigV4Auth(Credentials(key, secret), service, region).add_auth(request)
    made = {"method": method, "path": path, "query": query, "body": body,
            "headers": {name.lower(): value for name, value in request.headers.items()}}
    change(made)
    signatures.append({"name": name, "request": made, **({"denied": expected} if expected else {"accepted": True})})


def put(part, value):
    return lambda request: request.__setitem__(part, value)


def header(name, value):
    return lambda request: request["headers"].__setitem__(name, value)


def reword(old, new):
    return lambda request: request["headers"].__setitem__("authorization", request["headers"]["authorization"].replace(old, new))


signed("as AWS's own signer makes it", None)
signed("another region", None, region="us-east-1")
signed("blanks in a header", None, headers={"x-note": "a   b  c"})
signed("a query string", None, method="GET", query="query=%7B%20me%20%7D&operationName=&a=1", body="")
signed("an empty body", None, body="")
signed("four minutes old", None, at=NOON - 240)
signed("four minutes ahead", None, at=NOON + 240)
signed("the name of its body's digest", None, headers={"x-amz-content-sha256": hashlib.sha256(BODY.encode()).hexdigest()})
signed("six minutes old", WRONG, at=NOON - 360)
signed("six minutes ahead", WRONG, at=NOON + 360)
signed("another secret", WRONG, secret="another secret")
signed("a key that nobody knows", NO, key="AKIAOTHER")
signed("for another service", WRONG, service="execute-api")
signed("another body", WRONG, put("body", '{"query":"{ all }"}'))
signed("another path", WRONG, put("path", "/admin"))
signed("another method", WRONG, put("method", "GET"))
signed("another query string", WRONG, put("query", "a=1"))
signed("another host", WRONG, header("host", "evil.test"))
signed("another time", WRONG, header("x-amz-date", "20261122T120001Z"))
signed("a digest that is not the body's", WRONG, header("x-amz-content-sha256", "UNSIGNED-PAYLOAD"))
signed("a signed header is gone", WRONG, lambda request: request["headers"].pop("content-type"))
signed("host is not signed", WRONG, reword("content-type;host;", "content-type;"))
signed("the date is not signed", WRONG, reword("host;x-amz-date", "host"))
signed("headers out of order", WRONG, reword("content-type;host", "host;content-type"))
signed("a signature that is cut off", WRONG, lambda request: request["headers"].__setitem__("authorization", request["headers"]["authorization"][:-1]))
signed("no signature", WRONG, lambda request: request["headers"].__setitem__("authorization", request["headers"]["authorization"].split(", Signature")[0]))
signed("two signatures", WRONG, lambda request: request["headers"].__setitem__("authorization", request["headers"]["authorization"] + ", Signature=" + "0" * 64))
signed("nothing after the algorithm", WRONG, header("authorization", "AWS4-HMAC-SHA256"))
signed("another algorithm", WRONG, reword("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256-PAYLOAD"))
signed("the scope of another day", WRONG, reword("/20261122/", "/20261121/"))
(HERE / "signatures.json").write_text(json.dumps({"now": "2026-11-22T12:00:00Z", "cases": signatures}, indent=1) + "\n")
