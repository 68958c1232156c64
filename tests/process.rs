//! A real `tympan`, a client that sends exact bytes, and what both of them said.

use std::env;
use std::fs;
use std::io;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Read;
use std::io::Write;
use std::net::SocketAddr;
use std::net::TcpStream;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::ChildStdout;
use std::process::Command;
use std::process::ExitStatus;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::Condvar;
use std::sync::LazyLock;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use hmac::Hmac;
use hmac::KeyInit;
use hmac::Mac;
use serde_json::Value;
use sha2::Sha256;
use tempfile::NamedTempFile;
use tempfile::TempDir;

/// How long a condition may take to come true on a machine that has much else to do.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// What every accepted delivery is answered with, unless its listener says otherwise.
pub(crate) const RECEIVED: &str =
    r#"{"message":"Event received successfully","status":"RECEIVED"}"#;

/// The command, built once with the profile and into the folder of the tests themselves.
static BINARY: LazyLock<PathBuf> = LazyLock::new(build);

/// Where the command is.
pub(crate) fn binary() -> &'static Path {
    &BINARY
}

fn build() -> PathBuf {
    // TARGET/PROFILE/deps/all-HASH
    let this = env::current_exe().unwrap();
    let profile_folder = this.ancestors().nth(2).unwrap();
    let profile = match profile_folder.file_name().unwrap().to_str().unwrap() {
        "debug" => "dev",
        profile => profile,
    };
    let output = Command::new(env!("CARGO"))
        .args(["build", "--package=tympan", "--bin=tympan", "--message-format=json"])
        .args(["--profile", profile])
        .arg("--target-dir")
        .arg(profile_folder.parent().unwrap())
        .current_dir(repository())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let messages = String::from_utf8(output.stdout).unwrap();
    let mut artifacts = messages.lines().filter_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        let is_command = message["target"]["name"] == "tympan";
        message["executable"].as_str().filter(|_| is_command).map(PathBuf::from)
    });
    artifacts.next().expect("cargo names what it built")
}

/// The folder of the repository.
pub(crate) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// The command, without anything of the tests' own environment that it would listen to.
pub(crate) fn tympan() -> Command {
    let mut command = Command::new(binary());
    for variable in ["CLICOLOR", "CLICOLOR_FORCE", "FORCE_COLOR", "NO_COLOR", "TYMPAN_CONFIG"] {
        command.env_remove(variable);
    }
    command.stdin(Stdio::null());
    command
}

/// Tries until something is there.
pub(crate) fn wait_until<T>(what: &str, mut attempt: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = attempt() {
            return found;
        }
        assert!(Instant::now() < deadline, "waited in vain: {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// The lower-case hex HMAC-SHA256 of a body.
pub(crate) fn sign(key: &str, body: impl AsRef<[u8]>) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap();
    mac.update(body.as_ref());
    const_hex::encode(mac.finalize().into_bytes())
}

/// A folder of its own with a `listeners.yaml`.
pub(crate) struct Folder {
    temporary: TempDir,
}

impl Folder {
    pub(crate) fn new(listeners: &str) -> Self {
        let folder = Self { temporary: tempfile::tempdir().unwrap() };
        folder.write("listeners.yaml", listeners);
        folder
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.temporary.path().join(name)
    }

    /// Replaces a file as a whole: written beside it, and moved over it.
    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let beside = self.path(".beside");
        fs::write(&beside, text).unwrap();
        fs::rename(beside, path).unwrap();
    }

    /// `tympan run` in this folder, ready to be given more.
    pub(crate) fn run(&self) -> Command {
        let mut command = tympan();
        command.args(["run", "--log-format", "json"]).current_dir(self.temporary.path());
        command
    }
}

/// A running server, which ends with its test.
pub(crate) struct Tympan {
    child: Child,
    /// The TCP addresses that it serves at, with the ports that the system chose.
    pub(crate) addresses: Vec<SocketAddr>,
    folder: PathBuf,
    /// Where it runs, if nobody else holds that.
    own: Option<Folder>,
    /// Everything that it logged, outside of the folder that it watches.
    log_file: NamedTempFile,
    /// Standard output, while nobody reads it.
    pub(crate) stdout: Option<ChildStdout>,
    events: Lines,
    log: Lines,
}

impl Tympan {
    /// Serves a `listeners.yaml` in a folder of its own.
    pub(crate) fn start(listeners: &str) -> Self {
        let folder = Folder::new(listeners);
        let mut server = Self::start_in(&folder);
        server.own = Some(folder);
        server
    }

    /// Serves the `listeners.yaml` of a folder.
    pub(crate) fn start_in(folder: &Folder) -> Self {
        Self::spawn(folder.run())
    }

    pub(crate) fn spawn(command: Command) -> Self {
        let mut server = Self::spawn_with(command, Stdio::piped());
        server.read_stdout();
        server
    }

    /// A server whose standard output nobody reads until [`Tympan::read_stdout`].
    pub(crate) fn spawn_with(command: Command, stdout: Stdio) -> Self {
        let mut server = Self::launch(command, stdout);
        let serving = server.wait_for_log(is_serving);
        server.serves(&serving);
        server
    }

    /// A server, unless it ends before it serves.
    pub(crate) fn try_spawn(command: Command) -> Option<Self> {
        let mut server = Self::launch(command, Stdio::piped());
        server.read_stdout();
        let serving = server.log.wait_unless_ended(0, is_serving)?;
        server.serves(&serving);
        Some(server)
    }

    fn launch(mut command: Command, stdout: Stdio) -> Self {
        let mut child = command.stdout(stdout).stderr(Stdio::piped()).spawn().unwrap();
        let log_file = NamedTempFile::new().unwrap();
        let copy = log_file.reopen().unwrap();
        Self {
            folder: command.get_current_dir().unwrap().to_owned(),
            own: None,
            addresses: Vec::new(),
            stdout: child.stdout.take(),
            events: Lines::default(),
            log: Lines::copied(child.stderr.take().unwrap(), copy),
            log_file,
            child,
        }
    }

    fn serves(&mut self, serving: &Value) {
        let addresses = serving["addresses"].as_str().unwrap().split(", ");
        self.addresses = addresses.filter_map(|address| address.parse().ok()).collect();
    }

    pub(crate) fn read_stdout(&mut self) {
        self.events = Lines::of(self.stdout.take().unwrap());
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.addresses[0]
    }

    pub(crate) fn connect(&self) -> Client {
        Client::connect(self.address())
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// A file that holds every line of standard error.
    pub(crate) fn log_file(&self) -> &Path {
        self.log_file.path()
    }

    /// The answer to one request on a connection of its own.
    pub(crate) fn ask(&self, request: &[u8]) -> Response {
        self.connect().ask(request)
    }

    /// Every line of standard error so far, as it was written.
    pub(crate) fn log_text(&self) -> String {
        self.log.from(0).join("\n")
    }

    /// Every line of the log so far.
    pub(crate) fn log(&self) -> Vec<Value> {
        self.log.from(0).iter().map(|line| json(line)).collect()
    }

    /// How many lines there are so far, for [`Tympan::wait_for_log_since`].
    pub(crate) fn log_mark(&self) -> usize {
        self.log.from(0).len()
    }

    pub(crate) fn wait_for_log(&self, is_it: impl Fn(&Value) -> bool) -> Value {
        self.wait_for_log_since(0, is_it)
    }

    pub(crate) fn wait_for_log_since(&self, mark: usize, is_it: impl Fn(&Value) -> bool) -> Value {
        self.log.wait(mark, is_it)
    }

    /// Every event so far.
    pub(crate) fn events(&self) -> Vec<Value> {
        self.events.from(0).iter().map(|line| json(line)).collect()
    }

    /// The first event.
    pub(crate) fn wait_for_event(&self) -> Value {
        self.wait_for_event_that(|_| true)
    }

    pub(crate) fn wait_for_event_that(&self, is_it: impl Fn(&Value) -> bool) -> Value {
        self.events.wait(0, is_it)
    }

    /// Everything that was written to standard output so far.
    pub(crate) fn stdout_text(&self) -> String {
        self.events.from(0).join("\n")
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal by its name, such as `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let status = Command::new("kill").args(["-s", name, &id]).status().unwrap();
        assert!(status.success(), "kill -s {name}");
    }

    /// Waits for the end, and for everything that was said before it.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let child = &mut self.child;
        let status = wait_until("the server ends", || child.try_wait().unwrap());
        wait_until("standard error ends", || self.log.has_ended().then_some(()));
        status
    }

    /// A figure of `/proc/PID/status`, in bytes, such as `VmRSS`.
    pub(crate) fn memory(&self, figure: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with(&format!("{figure}:"))).unwrap();
        let kib: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
        kib * 1024
    }
}

impl Drop for Tympan {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn is_serving(line: &Value) -> bool {
    line["message"] == "serving"
}

/// Lines of a pipe, read as they come.
#[derive(Clone, Default)]
pub(crate) struct Lines(Arc<(Mutex<Heard>, Condvar)>);

#[derive(Default)]
struct Heard {
    lines: Vec<String>,
    has_ended: bool,
}

impl Lines {
    pub(crate) fn of(source: impl Read + Send + 'static) -> Self {
        Self::copied(source, io::sink())
    }

    /// Lines that are written to a copy as well, before anyone can wait for them.
    fn copied(source: impl Read + Send + 'static, mut copy: impl Write + Send + 'static) -> Self {
        let lines = Self::default();
        let written = lines.clone();
        thread::spawn(move || {
            let (state, news) = &*written.0;
            for line in BufReader::new(source).split(b'\n') {
                let Ok(line) = line else { break };
                copy.write_all(&[&line, b"\n".as_slice()].concat()).unwrap();
                state.lock().unwrap().lines.push(String::from_utf8_lossy(&line).into_owned());
                news.notify_all();
            }
            state.lock().unwrap().has_ended = true;
            news.notify_all();
        });
        lines
    }

    /// The lines from a number on.
    pub(crate) fn from(&self, mark: usize) -> Vec<String> {
        let read = self.0.0.lock().unwrap();
        read.lines.get(mark..).unwrap_or_default().to_vec()
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.0.0.lock().unwrap().has_ended
    }

    /// The first line of JSON that is the one, from a number on.
    fn wait(&self, mark: usize, is_it: impl Fn(&Value) -> bool) -> Value {
        let line = self.wait_unless_ended(mark, is_it);
        line.unwrap_or_else(|| panic!("no such line, after:\n{}", self.from(0).join("\n")))
    }

    /// The same; `None` if no such line came before the last.
    fn wait_unless_ended(&self, mut mark: usize, is_it: impl Fn(&Value) -> bool) -> Option<Value> {
        let deadline = Instant::now() + PATIENCE;
        let (state, news) = &*self.0;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let waiting = |read: &mut Heard| read.lines.len() <= mark && !read.has_ended;
            let heard = state.lock().unwrap();
            let (heard, _) = news.wait_timeout_while(heard, left, waiting).unwrap();
            let line = heard.lines.get(mark).cloned();
            // Nobody else may have to panic because this one does.
            drop(heard);
            let line = json(&line?);
            if is_it(&line) {
                return Some(line);
            }
            mark += 1;
        }
    }
}

/// Whatever is written has to be one JSON object a line.
#[track_caller]
fn json(line: &str) -> Value {
    let value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    assert!(matches!(value, Value::Object(_)), "no object: {line}");
    value
}

/// A request with a `Host` and, unless it is empty, the length of its body.
pub(crate) fn request(
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: impl AsRef<[u8]>,
) -> Vec<u8> {
    let body = body.as_ref();
    let mut request = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n");
    for (name, value) in headers {
        request = format!("{request}{name}: {value}\r\n");
    }
    if !body.is_empty() {
        request = format!("{request}Content-Length: {}\r\n", body.len());
    }
    request.push_str("\r\n");
    [request.as_bytes(), body].concat()
}

/// A connection.
pub(crate) struct Client {
    stream: Box<dyn Stream>,
    /// What was read and belongs to later responses.
    rest: Vec<u8>,
}

/// What bytes go over: TCP, TLS, a socket of the file system.
pub(crate) trait Stream: Read + Write + Send {}

impl<S: Read + Write + Send> Stream for S {}

/// What was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Response {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self::over(stream)
    }

    /// A client of a stream that has limits of its own for waiting.
    pub(crate) fn over(stream: impl Stream + 'static) -> Self {
        Self { stream: Box::new(stream), rest: Vec::new() }
    }

    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.try_send(bytes).unwrap();
    }

    /// Fails when the server has closed the connection.
    pub(crate) fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.stream.write_all(bytes.as_ref())?;
        self.stream.flush()
    }

    pub(crate) fn ask(&mut self, request: &[u8]) -> Response {
        self.send(request);
        self.response()
    }

    pub(crate) fn response(&mut self) -> Response {
        self.try_response().unwrap().expect("an answer before the end of the connection")
    }

    /// The next response; `None` if the connection ends before it.
    pub(crate) fn try_response(&mut self) -> io::Result<Option<Response>> {
        self.read_response(false)
    }

    /// The next response, which is one to HEAD.
    pub(crate) fn response_without_body(&mut self) -> Response {
        self.read_response(true).unwrap().expect("an answer before the end of the connection")
    }

    fn read_response(&mut self, is_to_head: bool) -> io::Result<Option<Response>> {
        let end = loop {
            if let Some(end) = self.rest.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                break end;
            }
            if !self.read_more()? {
                assert!(self.rest.is_empty(), "half a head: {:?}", self.rest);
                return Ok(None);
            }
        };
        let head = String::from_utf8(self.rest.drain(..end + 4).collect()).unwrap();
        let mut lines = head.trim_end().split("\r\n");
        let status_line = lines.next().unwrap();
        let status = status_line.strip_prefix("HTTP/1.1 ").unwrap()[..3].parse().unwrap();
        let headers = lines.map(|line| {
            let (name, value) = line.split_once(": ").unwrap_or((line.trim_end_matches(':'), ""));
            (name.to_ascii_lowercase(), value.to_owned())
        });
        let mut response = Response { status, headers: headers.collect(), body: Vec::new() };
        assert_eq!(response.header("transfer-encoding"), None, "answers are small and complete");
        let has_body = !is_to_head && status >= 200 && status != 204 && status != 304;
        let length = response.header("content-length").filter(|_| has_body);
        let length = length.map_or(0, |length| length.parse().unwrap());
        while self.rest.len() < length {
            assert!(self.read_more()?, "half a body");
        }
        response.body = self.rest.drain(..length).collect();
        Ok(Some(response))
    }

    /// Whether a response has begun that is not whole.
    pub(crate) fn has_begun(&self) -> bool {
        !self.rest.is_empty()
    }

    /// Whether the server ends the connection without another byte.
    pub(crate) fn is_ended(&mut self) -> bool {
        match self.read_more() {
            Ok(more) => !more && self.rest.is_empty(),
            Err(error) => is_end(&error),
        }
    }

    fn read_more(&mut self) -> io::Result<bool> {
        let mut buffer = [0; 16 << 10];
        let n_read = loop {
            match self.stream.read(&mut buffer) {
                // A process that was stopped and goes on has not been told anything.
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        self.rest.extend_from_slice(&buffer[..n_read]);
        Ok(n_read > 0)
    }
}

/// Whether a read failed because the other side has gone, without or with a word of TLS.
fn is_end(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionReset, UnexpectedEof};
    matches!(error.kind(), BrokenPipe | ConnectionReset | UnexpectedEof)
}

impl Response {
    /// A header, by its name in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(known, _)| known == name);
        let (_, value) = found.next()?;
        assert!(found.next().is_none(), "{name} stands twice in {self:?}");
        Some(value)
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Everything that a caller sees, without the hour of the day.
    pub(crate) fn without_date(&self) -> Self {
        let mut without = self.clone();
        without.headers.retain(|(name, _)| name != "date");
        without
    }
}
