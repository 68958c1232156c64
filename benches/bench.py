"""How servers are measured against each other; benches/README.md says what the figures mean."""

import argparse
import hashlib
import hmac
import http.client
import json
import os
import re
import resource
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Callable, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
TICKS = os.sysconf("SC_CLK_TCK")
HOST = "127.0.0.1"
PATH = "/webhooks/v1/listeners/bench/notify"
SECRET = "a-secret-of-the-benchmark-0123456789"
CONNECTIONS = 64
WARM_UP = 1

# A run is disturbed when the server or the load waited for its core for more than this share of it.
MOST_WAITING = 0.02
# A server that takes less than this share of its core waits for the load generator.
LEAST_BUSY = 0.9
# How busy the machine may be before a run begins, and how long to wait for that.
MOST_BUSY = 0.05
PATIENCE = 120
TRIES = 3


class Arm(NamedTuple):
    """A server that is measured."""

    what: str
    # From the bench and a port to a command and its environment; files lie in `bench.folder`.
    command: Callable
    path: str = PATH
    # What is answered to a signed body that a filter leaves out.
    filtered: int = 200
    # What is answered to a wrong signature, and to none.
    refused: tuple = (401,)
    # Whether an accepted request is answered as Tympan does.
    as_tympan: bool = True
    # What is sent beside the usual headers.
    headers: dict = {}


def floor(bench, port):
    return [bench.binaries["floor"], str(port)], {"FLOOR_SECRET": SECRET}


FLOOR = Arm("the hand-written server", floor)


# Tells exactly what happened, where wrk's own report is rounded for people.
SCRIPT = """wrk.method = "POST"
wrk.path = "{path}"
wrk.body = [==[{body}]==]
{headers}
function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    '\\nRESULT {{"requests":%d,"us":%d,"connect":%d,"read":%d,"write":%d,"status":%d,"timeout":%d,"p50":%d,"p99":%d}}\\n',
    summary.requests, summary.duration, errors.connect, errors.read, errors.write, errors.status,
    errors.timeout, latency:percentile(50), latency:percentile(99)))
end
"""


def fail(message):
    sys.exit(f"{Path(sys.argv[0]).name}: {message}")


def body():
    """1,024 bytes of JSON as a code host sends them."""
    text = {
        "action": "opened",
        "issue": {
            "url": "https://api.example.com/repos/octo/hello/issues/1347",
            "html_url": "https://example.com/octo/hello/issues/1347",
            "id": 1934567890,
            "number": 1347,
            "title": "Spelling error in the README file",
            "user": {"login": "octocat", "id": 583231, "type": "User", "site_admin": False},
            "labels": [{"id": 208045946, "name": "bug", "color": "f29513", "default": True}],
            "state": "open",
            "locked": False,
            "assignee": None,
            "comments": 0,
            "created_at": "2026-10-05T12:01:02Z",
            "body": "",
        },
        "repository": {
            "id": 1296269,
            "name": "hello",
            "full_name": "octo/hello",
            "private": False,
            "html_url": "https://example.com/octo/hello",
            "default_branch": "main",
        },
        "sender": {"login": "octocat", "id": 583231, "type": "User", "site_admin": False},
    }
    words = "It looks like you accidentally spelled 'commit' with two 't's. "
    missing = 1024 - len(json.dumps(text, separators=(",", ":")))
    text["issue"]["body"] = (words * 20)[:missing]
    written = json.dumps(text, separators=(",", ":")).encode()
    assert len(written) == 1024, len(written)
    return written


def sign(written):
    return hmac.new(SECRET.encode(), written, hashlib.sha256).hexdigest()


def headers_of(written):
    """Six with Host and Content-Length, which wrk and http.client add."""
    return {
        "Content-Type": "application/json",
        "X-Hook-Event": "issues",
        "X-Hook-Delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
        "X-Hook-Signature": sign(written),
    }


class Server:
    """A process that serves, until the end of the block."""

    def __init__(self, name, command, port, folder, cpu=None, env=None):
        self.port = port
        self.log = folder / f"{name}.err"
        with open(folder / f"{name}.out", "ab") as out, open(self.log, "ab") as err:
            pin = None if cpu is None else lambda: os.sched_setaffinity(0, {cpu})
            self.began = time.monotonic()
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, cwd=folder,
                env={**os.environ, **(env or {})}, preexec_fn=pin,
            )

    def __enter__(self):
        try:
            self.ready_after = self.wait()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def wait(self):
        """The seconds from exec to the first answer."""
        request = b"GET /not-there HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n"
        while time.monotonic() < self.began + 10:
            if self.process.poll() is not None:
                break
            try:
                with socket.create_connection((HOST, self.port), 1) as client:
                    client.sendall(request)
                    if client.recv(1):
                        return time.monotonic() - self.began
            except OSError:
                time.sleep(0.0005)
        fail(f"{self.process.args[0]} does not serve:\n{self.log.read_text()[-2000:]}")

    def cpu(self):
        """Seconds of all threads, in user mode and in the system."""
        # The name may hold blanks and brackets; what follows the last bracket does not.
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return int(fields[11]) / TICKS, int(fields[12]) / TICKS

    def rss(self):
        """MiB in memory."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024


def post(port, path, written, headers):
    client = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        client.request("POST", path, written, headers)
        response = client.getresponse()
        return response.status, response.read()
    finally:
        client.close()


def check(name, arm, port, written):
    """A server that lets everything through is fast, and no use."""
    good = headers_of(written)
    right = good["X-Hook-Signature"]
    forged = right[:-1] + ("0" if right[-1] != "0" else "1")
    changed = written.replace(b'"opened"', b'"closed"')
    closed = headers_of(changed)
    unsigned = {key: value for key, value in good.items() if key != "X-Hook-Signature"}
    cases = [
        ("a valid signature", written, good, (200,)),
        ("a forged signature", written, {**good, "X-Hook-Signature": forged}, arm.refused),
        ("half a signature", written, {**good, "X-Hook-Signature": right[:32]}, arm.refused),
        ("no signature", written, unsigned, arm.refused),
        ("a changed body", changed, good, arm.refused),
        # Where there is a filter, it filters.
        ("a signed body of another action", changed, closed, (arm.filtered,)),
    ]
    for what, sent, headers, expected in cases:
        status, answer = post(port, arm.path, sent, headers)
        if status not in expected:
            fail(f"{name} answers {status} to {what} instead of {expected}: {answer!r}")
        accepted = {"message": "Event received successfully", "status": "RECEIVED"}
        if status == 200 and arm.as_tympan and json.loads(answer) != accepted:
            fail(f"{name} answers {answer!r} to {what}")


def waited(pid):
    """Seconds that the threads of a process were ready to run and did not."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[1]) for task in tasks) / 1e9


def busy(cpus):
    """Seconds that cores have worked, or were taken by another machine."""
    total = 0
    for line in Path("/proc/stat").read_text().splitlines():
        name, *fields = line.split()
        if name in {f"cpu{cpu}" for cpu in cpus}:
            user, nice, system, _, _, irq, softirq, steal = map(int, fields[:8])
            total += user + nice + system + irq + softirq + steal
    return total / TICKS


def quiet(cpus):
    """Waits until nothing else seems to run on these cores."""
    end = time.monotonic() + PATIENCE
    while True:
        before = busy(cpus)
        time.sleep(0.5)
        share = (busy(cpus) - before) / 0.5 / len(cpus)
        if share <= MOST_BUSY:
            return
        if time.monotonic() > end:
            print(f"  warning: the cores are {share:.0%} busy with something else", flush=True)
            return


def load(port, script, seconds, cpu, preload):
    """One run of wrk: its report, and what it took."""
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", script, f"http://{HOST}:{port}"]
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    waiting = 0
    env = {**os.environ, "LD_PRELOAD": str(preload)}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env,
        preexec_fn=lambda: os.sched_setaffinity(0, {cpu}),
    ) as wrk:
        try:
            while wrk.poll() is None:
                try:
                    waiting = waited(wrk.pid)
                except OSError:
                    pass  # It has just ended.
                time.sleep(0.1)
        except BaseException:
            wrk.kill()
            raise
        said = wrk.stdout.read()
    took, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    found = re.search(r"^RESULT (.*)$", said, re.MULTILINE)
    if wrk.returncode != 0 or not found:
        fail(f"wrk failed:\n{said}")
    result = json.loads(found[1])
    wrong = {kind: result[kind] for kind in ("connect", "read", "write", "status", "timeout") if result[kind]}
    if wrong or result["requests"] == 0:
        fail(f"not every request was answered as it should be: {wrong or 'there was none'}")
    return {
        **result,
        "took": took,
        "slept": (after.ru_nvcsw - before.ru_nvcsw) / result["requests"],
        "waited": waiting / took,
    }


class Bench:
    def __init__(self, options, folder, binaries, cpus, arms):
        self.options, self.folder, self.binaries = options, folder, binaries
        self.server_cpu, self.load_cpu = cpus
        self.arms = {"floor": FLOOR, **arms}
        self.written = body()
        self.preload = sleepless(folder)

    def script(self, arm):
        """The load of an arm, for wrk."""
        headers = {**headers_of(self.written), **arm.headers}
        lines = [f'wrk.headers["{name}"] = "{value}"' for name, value in headers.items()]
        script = self.folder / "load.lua"
        script.write_text(
            SCRIPT.format(path=arm.path, body=self.written.decode(), headers="\n".join(lines))
        )
        return script

    def once(self, name):
        arm = self.arms[name]
        script = self.script(arm)
        quiet((self.server_cpu, self.load_cpu))
        port = free_port()
        command, env = arm.command(self, port)
        with Server(name, command, port, self.folder, self.server_cpu, env) as server:
            check(name, arm, server.port, self.written)
            load(server.port, script, WARM_UP, self.load_cpu, self.preload)
            before = server.cpu(), waited(server.process.pid), busy([self.server_cpu])
            result = load(server.port, script, self.options.seconds, self.load_cpu, self.preload)
            after = server.cpu(), waited(server.process.pid), busy([self.server_cpu])
            user, system = (then - now for now, then in zip(before[0], after[0]))
            # Its threads wait for each other too, and the core also serves interrupts: only what
            # is in both was taken by others.
            taken = min(after[1] - before[1], after[2] - before[2] - user - system)
            busy_for = (user + system) / (result["us"] / 1e6)
            user, system = (part / result["requests"] * 1e6 for part in (user, system))
            return {
                "rate": result["requests"] / result["us"] * 1e6,
                "us": user + system,
                "user": user,
                "system": system,
                "p50": result["p50"],
                "p99": result["p99"],
                "rss": server.rss(),
                "slept": result["slept"],
                "busy": busy_for,
                "waiting": max(taken / result["took"], result["waited"]),
            }

    def run(self, arm):
        """A run that nothing disturbed, or the least disturbed of some."""
        runs = []
        for _ in range(TRIES):
            runs.append(self.once(arm))
            if runs[-1]["waiting"] <= MOST_WAITING:
                break
        best = min(runs, key=lambda it: it["waiting"])
        marks = " disturbed" if best["waiting"] > MOST_WAITING else ""
        marks += " load-limited" if best["busy"] < LEAST_BUSY else ""
        print(
            f"  {arm:7} {best['rate']:9,.0f} req/s {best['us']:6.2f} us/req"
            f" ({best['user']:.2f} user, {best['system']:.2f} system)"
            f"  p50 {best['p50']:5} us  p99 {best['p99']:5} us  rss {best['rss']:4.1f} MiB"
            f"  load slept {best['slept']:.3f}/req{marks}",
            flush=True,
        )
        return best

    def rounds(self):
        arms = list(self.arms)
        found = {arm: [] for arm in arms}
        for number in range(self.options.rounds):
            print(f"round {number + 1} of {self.options.rounds}", flush=True)
            # Whatever grows or shrinks with time meets everyone alike.
            for arm in arms if number % 2 == 0 else reversed(arms):
                found[arm].append(self.run(arm))
        return found


def sleepless(folder):
    """What makes wrk look for answers instead of falling asleep until one comes.

    Waking it costs the waker, and the more a server is behind the load generator, the more often it
    does: that would be counted as the server's work.
    """
    library = folder / "spin.so"
    command = ["cc", "-O2", "-shared", "-fPIC", "-o", library, ROOT / "benches/spin.c", "-ldl"]
    if subprocess.run(command, check=False).returncode != 0:
        fail("benches/spin.c could not be compiled: apt-get install gcc libc6-dev")
    return library


def free_port():
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        return taken.getsockname()[1]


def spread(values, form):
    middle, low, high = statistics.median(values), min(values), max(values)
    return f"{middle:{form}} ({low:{form}}..{high:{form}})"


def summary(found, arms):
    print("median (min..max)")
    for arm, runs in found.items():
        column = {key: [run[key] for run in runs] for key in runs[0]}
        print(
            f"  {arm:7} {spread(column['rate'], ',.0f')} req/s   {spread(column['us'], '.2f')} us/req "
            f"({statistics.median(column['user']):.2f} user, {statistics.median(column['system']):.2f} system)   "
            f"p50 {statistics.median(column['p50']):.0f} us   p99 {statistics.median(column['p99']):.0f} us   "
            f"rss {max(column['rss']):.1f} MiB"
        )
    print("against the floor of the same round, median (min..max); 1 is as good")
    floor = found["floor"]
    for arm, runs in found.items():
        if arm == "floor":
            continue
        cpu = [base["us"] / run["us"] for base, run in zip(floor, runs)]
        rate = [run["rate"] / base["rate"] for base, run in zip(floor, runs)]
        print(f"  {arm:7} by CPU per request {spread(cpu, '.3f')}   by req/s {spread(rate, '.3f')}   {arms[arm].what}")
    everything = [run for runs in found.values() for run in runs]
    limited = [arm for arm, runs in found.items() if any(run["busy"] < LEAST_BUSY for run in runs)]
    if limited:
        print(f"warning: the load generator was the limit in: {', '.join(limited)}; req/s says little there")
    disturbed = sum(run["waiting"] > MOST_WAITING for run in everything)
    if disturbed:
        print(f"warning: {disturbed} of {len(everything)} runs were disturbed; run it again on a quiet machine")


def build():
    command = ["cargo", "build", "--release", "--locked", "-p", "tympan", "-p", "tympan-bench-floor"]
    if subprocess.run(command, cwd=ROOT, check=False).returncode != 0:
        fail("the build failed")
    command = ["cargo", "metadata", "--no-deps", "--format-version", "1"]
    metadata = subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout
    folder = Path(json.loads(metadata)["target_directory"]) / "release"
    return {"tympan": folder / "tympan", "floor": folder / "tympan-bench-floor"}


def positive(text):
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def measure(description, arms, default, after=lambda bench: None):
    """The whole of a benchmark: arguments, builds, rounds, figures."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=positive, default=21, help="how often each server is measured (21)")
    parser.add_argument("--seconds", type=positive, default=1, help="how long each time (1)")

    def names(text):
        for name in text.split(","):
            if name not in arms:
                raise argparse.ArgumentTypeError(f"there is no arm {name!r}, only {', '.join(arms)}")
        return text.split(",")

    parser.add_argument(
        "--arms", type=names, default=default, help=f"what to measure beside the floor ({','.join(default)}):\n"
        + "\n".join(f"  {name:7} {arm.what}" for name, arm in arms.items()),
    )
    options = parser.parse_args()
    if not shutil.which("wrk"):
        fail("wrk is missing: apt-get install wrk")
    cpus = sorted(os.sched_getaffinity(0))[:2]
    if len(cpus) < 2:
        fail("two cores are needed, one for the server and one for the load")
    # So that every block that ends a server is left in order.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    binaries = build()
    try:
        with tempfile.TemporaryDirectory(prefix="tympan-bench-") as folder:
            # Those that give up their rights look into it.
            os.chmod(folder, 0o755)
            chosen = {name: arms[name] for name in options.arms}
            bench = Bench(options, Path(folder), binaries, cpus, chosen)
            print(f"server on core {cpus[0]}, wrk -t1 -c{CONNECTIONS} on core {cpus[1]}, 1 KiB body, keep-alive")
            summary(bench.rounds(), bench.arms)
            after(bench)
    except KeyboardInterrupt:
        sys.exit(130)
