"""An object store that speaks as much of S3 as a broker needs that keeps its records in one.

It holds everything in memory: what is killed and started again is the broker. Called with a port.
"""

import hashlib
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

OBJECTS = {}
LOCK = threading.Lock()


def etag(body):
    return '"%s"' % hashlib.md5(body).hexdigest()


class Store(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Answers are small, and somebody waits for each.
    disable_nagle_algorithm = True

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def key(self):
        return unquote(urlsplit(self.path).path)

    def do_PUT(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        key = self.key()
        with LOCK:
            old = OBJECTS.get(key)
            wanted = self.headers.get("If-Match")
            is_taken = self.headers.get("If-None-Match") == "*" and old is not None
            is_other = wanted is not None and (old is None or etag(old) != wanted)
            if is_taken or is_other:
                return self.answer(412)
            OBJECTS[key] = body
        self.answer(200, ETag=etag(body))

    def do_GET(self):
        query = parse_qs(urlsplit(self.path).query)
        if "list-type" in query:
            return self.list(query)
        with LOCK:
            body = OBJECTS.get(self.key())
        if body is None:
            return self.answer(404)
        about = {"ETag": etag(body), "Last_Modified": "Thu, 01 Jan 2026 00:00:00 GMT"}
        if self.headers.get("If-None-Match") == about["ETag"]:
            return self.answer(304, **about)
        if asked := self.headers.get("Range"):
            first, last = asked.removeprefix("bytes=").split("-")
            first, last = int(first), min(int(last or len(body)), len(body) - 1)
            about["Content_Range"] = "bytes %d-%d/%d" % (first, last, len(body))
            return self.answer(206, body[first : last + 1], **about)
        self.answer(200, body, **about)

    do_HEAD = do_GET

    def do_DELETE(self):
        with LOCK:
            OBJECTS.pop(self.key(), None)
        self.answer(204)

    def list(self, query):
        bucket = self.key().rstrip("/") + "/"
        prefix = query.get("prefix", [""])[0]
        delimiter = query.get("delimiter", [""])[0]
        after = query.get("start-after", [""])[0]
        found, folders = [], set()
        with LOCK:
            for key, body in sorted(OBJECTS.items()):
                name = key.removeprefix(bucket)
                if name == key or not name.startswith(prefix) or name <= after:
                    continue
                head, between, _ = name[len(prefix) :].partition(delimiter or "\0")
                if between:
                    folders.add(prefix + head + between)
                    continue
                found.append(
                    "<Contents><Key>%s</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified>"
                    "<ETag>%s</ETag><Size>%d</Size></Contents>" % (escape(name), escape(etag(body)), len(body))
                )
        folders = ["<CommonPrefixes><Prefix>%s</Prefix></CommonPrefixes>" % escape(it) for it in sorted(folders)]
        body = "<ListBucketResult>%s<IsTruncated>false</IsTruncated></ListBucketResult>"
        self.answer(200, (body % "".join(found + folders)).encode(), Content_Type="application/xml")

    def log_message(self, *arguments):
        if len(sys.argv) > 2:
            super().log_message(*arguments)


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Store).serve_forever()
