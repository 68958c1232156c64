#!/usr/bin/env python3
"""Signs requests as providers do, with nothing but Python's own library and the `openssl` command.

    tests/presets/sign.py [PRESET...]

Every folder here belongs to a preset. Its `requests.py` says what the provider sends, in the words
that are defined below; this writes it to `requests.json` beside it, which `tests/presets.rs` reads.
"""

import base64
import hashlib
import hmac as hmac_
import json
import pathlib
import subprocess
import sys
import tempfile
import urllib.parse

HERE = pathlib.Path(__file__).parent


def _bytes(text):
    return text if isinstance(text, bytes) else str(text).encode()


def hmac(hash, key, *parts):
    """The HMAC of the parts behind each other."""
    return hmac_.new(_bytes(key), b"".join(map(_bytes, parts)), hash).digest()


def digest(hash, *parts):
    """The digest of the parts behind each other."""
    return hashlib.new(hash, b"".join(map(_bytes, parts))).digest()


def hex(raw):
    return raw.hex()


def b64(raw):
    return base64.b64encode(_bytes(raw)).decode()


def b64url(raw):
    return base64.urlsafe_b64encode(_bytes(raw)).decode().rstrip("=")


def unb64(text):
    return base64.b64decode(text)


def encrypted(key, iv, text, multiple=16):
    """A text by AES-256-CBC, filled up to a multiple of so many bytes (PKCS #7)."""
    raw = _bytes(text)
    n = multiple - len(raw) % multiple
    options = ["-aes-256-cbc", "-nopad", "-K", key.hex(), "-iv", iv.hex()]
    openssl = subprocess.run(["openssl", "enc", *options], input=raw + bytes([n]) * n, check=True, capture_output=True)
    return openssl.stdout


def framed(text, receiver):
    """A text between 16 bytes that are random elsewhere, its length, and for whom it is."""
    raw = _bytes(text)
    return b"0123456789abcdef" + len(raw).to_bytes(4, "big") + raw + _bytes(receiver)


def form(pairs):
    """Pairs as `application/x-www-form-urlencoded`."""
    return urllib.parse.urlencode(pairs)


def jwt(hash, key, claims, header=None):
    """A compact JSON Web Token, signed with a secret by HMAC, or with a pair of keys by RSA or ECDSA."""
    is_pair = isinstance(key, Pair)
    alg = (("ES" if key.is_curve else "RS") if is_pair else "HS") + hash.removeprefix("sha")
    header = {"alg": alg, "typ": "JWT", **(header or {})}
    compact = lambda value: b64url(json.dumps(value, separators=(",", ":")))
    signed = compact(header) + "." + compact(claims)
    if not is_pair:
        return signed + "." + b64url(hmac(hash, key, signed))
    signature = key.sign(signed, hash=hash)
    return signed + "." + b64url(fixed(signature) if key.is_curve else signature)


def fixed(der):
    """The two numbers of a signature in ASN.1 (SEC 1, section C.8), 32 bytes each."""
    numbers, rest = b"", der[2:]
    for _ in range(2):
        number, rest = rest[2:2 + rest[1]], rest[2 + rest[1]:]
        numbers += number[-32:].rjust(32, b"\0")
    return numbers


class Pair:
    """A pair of keys that `openssl` makes, and signs with."""

    def __init__(self, *options):
        self.folder = tempfile.TemporaryDirectory()
        self.key = pathlib.Path(self.folder.name) / "key.pem"
        self._openssl("genpkey", *options, "-out", str(self.key))
        self.pem = self._openssl("pkey", "-in", str(self.key), "-pubout").decode()
        der = base64.b64decode("".join(self.pem.splitlines()[1:-1]))
        # Of Ed25519, what stands behind the name of the algorithm.
        self.raw = der[-32:]
        self.is_curve = "EC" in options
        self.point = der[-64:]

    def sign(self, *parts, hash=None):
        message = pathlib.Path(self.folder.name) / "message"
        message.write_bytes(b"".join(map(_bytes, parts)))
        if hash is None:
            how = ["pkeyutl", "-sign", "-rawin", "-inkey", str(self.key), "-in", str(message)]
        else:
            how = ["dgst", "-" + hash, "-sign", str(self.key), str(message)]
        return self._openssl(*how)

    def jwk(self, kid):
        """The public key of RSA or of a curve as a JSON Web Key."""
        if self.is_curve:
            x, y = b64url(self.point[:32]), b64url(self.point[32:])
            return {"kty": "EC", "alg": "ES256", "crv": "P-256", "use": "sig", "kid": kid, "x": x, "y": y}
        modulus = self._openssl("rsa", "-in", str(self.key), "-noout", "-modulus").decode()
        number = bytes.fromhex(modulus.strip().removeprefix("Modulus="))
        return {"kty": "RSA", "alg": "RS256", "use": "sig", "kid": kid, "n": b64url(number), "e": "AQAB"}

    def certificate(self):
        """A certificate of the key for ten years from now, as PEM."""
        options = ["-key", str(self.key), "-subj", "/CN=test", "-days", "3650"]
        return self._openssl("req", "-new", "-x509", *options).decode()

    @staticmethod
    def _openssl(*arguments):
        return subprocess.run(["openssl", *arguments], check=True, capture_output=True).stdout


def ed25519():
    return Pair("-algorithm", "ed25519")


def rsa():
    return Pair("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")


def p256():
    return Pair("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")


class Case:
    """What one provider sends."""

    def __init__(self, preset):
        self.said = {
            "secrets": {},
            "others": {},
            "with": {},
            "origin": "https://hooks.example.com",
            "path": "/in/" + preset,
            "now": 1700000000,
            "published": {},
            "unpublished": {},
            "requests": [],
        }

    def words(self):
        names = ["secret", "other", "given", "keys", "certificate", "fetched", "at", "accepted", "challenged", "published", "unpublished"]
        return {name: getattr(self, name) for name in names}

    def secret(self, name, value):
        """The value of a parameter that is a secret."""
        self.said["secrets"][name] = value
        return value

    def other(self, name, value):
        """Another value of it, where one cannot be made by changing a character."""
        self.said["others"][name] = value

    def given(self, name, value):
        """The value of a parameter that is a text or a URL."""
        self.said["with"][name] = value
        return value

    def keys(self, *jwks):
        """The keys that are found where they are fetched."""
        self.said["fetched"] = json.dumps({"keys": list(jwks)})

    def certificate(self, pem):
        """The certificate that is found where it is fetched."""
        self.said["fetched"] = pem

    def fetched(self, answer):
        """What is answered to who asks for a key."""
        self.said["fetched"] = answer

    def at(self, now=None, origin=None, path=None):
        """When and where requests arrive."""
        for key, value in [("now", now), ("origin", origin), ("path", path)]:
            if value is not None:
                self.said[key] = value
        return self.said["now"]

    def accepted(self, name, signature, headers=None, body="", method="POST", target=None, covers_body=True,
                 timed=False, repeats=False, events=None, sealed=None, proves_by_secret=True):
        """A request that has to be accepted. `signature` is the text in it that proves it; `covers_body` says
        whether another body is refused, `proves_by_secret` whether another secret is (some only ask for keys),
        `timed` whether it gets old, `repeats` whether its header may stand several times, and `sealed` how
        the answer is opened, if it has to be encrypted."""
        self._add(name, headers, body, method, target, {
            "signature": signature, "covers_body": covers_body and body != "", "timed": timed,
            "repeats": repeats, "events": events, **({"sealed": sealed} if sealed else {}),
            **({} if proves_by_secret else {"proves_by_secret": False}),
        })

    def challenged(self, name, answer="", headers=None, body="", method="POST", target=None, status=200,
                   answer_headers=None, signature=None, sealed=None):
        """A set-up request, and what has to be answered, or how the answer is opened."""
        answer = {"status": status, "body": answer, "headers": answer_headers or {}}
        if sealed:
            answer["sealed"] = sealed
        self._add(name, headers, body, method, target, {"answer": answer, "signature": signature})

    def published(self, **where):
        """Where in a published example the parameters stand, as JSON pointers."""
        self.said["published"].update(where)

    def unpublished(self, example, why):
        """A published example that is of something else."""
        self.said["unpublished"][example] = why

    def _add(self, name, headers, body, method, target, more):
        headers = {name: str(value) for name, value in (headers or {}).items()}
        if body != "" and "content-type" not in map(str.lower, headers):
            headers = {"Content-Type": "application/json", **headers}
        body = _bytes(body)
        try:
            body = {"body": body.decode()}
        except UnicodeDecodeError:
            body = {"body_base64": b64(body)}
        self.said["requests"].append({
            "name": name, "method": method, "target": target or self.said["path"], "headers": headers, **body, **more,
        })


def write(folder):
    case = Case(folder.name)
    source = folder / "requests.py"
    words = {name: value for name, value in globals().items() if not name.startswith("_")}
    exec(compile(source.read_text(), str(source), "exec"), {**words, **case.words()})
    text = json.dumps({key: value for key, value in case.said.items() if value != {}}, indent=2, ensure_ascii=False)
    (folder / "requests.json").write_text(text + "\n")


if __name__ == "__main__":
    wanted = sys.argv[1:]
    for folder in sorted(HERE.iterdir()):
        if (folder / "requests.py").exists() and (not wanted or folder.name in wanted):
            write(folder)
