//! A `curl` command line, as people write it and as browsers and consoles copy it.

use form_urlencoded::byte_serialize;
use http::header;

use super::Draft;
use super::Fault;
use super::Saved;
use super::basic;
use super::shell;

/// Options that take no value and change nothing of the request.
const IGNORED: [&str; 27] = [
    "--compressed",
    "--fail",
    "--fail-with-body",
    "--globoff",
    "--http1.1",
    "--http2",
    "--include",
    "--insecure",
    "--ipv4",
    "--ipv6",
    "--location",
    "--no-buffer",
    "--no-progress-meter",
    "--path-as-is",
    "--progress-bar",
    "--show-error",
    "--silent",
    "--tcp-nodelay",
    "--verbose",
    "-#",
    "-4",
    "-6",
    "-N",
    "-S",
    "-g",
    "-i",
    "-s",
];

/// Options that take a value and change nothing of the request.
const IGNORED_WITH_VALUE: [&str; 17] = [
    "--cacert",
    "--cert",
    "--connect-timeout",
    "--key",
    "--max-time",
    "--output",
    "--proxy",
    "--resolve",
    "--retry",
    "--retry-delay",
    "--write-out",
    "-E",
    "-c",
    "-m",
    "-o",
    "-w",
    "-x",
];

/// What the options say.
#[derive(Default)]
struct Options {
    method: Option<String>,
    url: Option<String>,
    headers: Vec<String>,
    data: Option<String>,
    is_json: bool,
    in_query: bool,
    is_head: bool,
    user: Option<String>,
}

pub(super) fn read(text: &str) -> Result<Saved, Fault> {
    let words = shell::words(text)?;
    let mut options = Options::default();
    // The first word is the command.
    let mut words = words.into_iter().skip(1);
    while let Some(word) = words.next() {
        options.take(word, &mut words)?;
    }
    options.request()
}

impl Options {
    fn take(&mut self, word: String, rest: &mut impl Iterator<Item = String>) -> Result<(), Fault> {
        if !word.starts_with('-') || word == "-" {
            return self.set_url(word);
        }
        if word.starts_with("--") {
            return self.option(&word, || rest.next());
        }
        // `-sSLd x` is `-s -S -L -d x`, and `-XPOST` is `-X POST`.
        let letters = word.strip_prefix('-').unwrap_or_default();
        for (index, letter) in letters.char_indices() {
            let option = format!("-{letter}");
            let after = &letters[index + letter.len_utf8()..];
            if takes_value(&option) {
                let attached = (!after.is_empty()).then(|| after.to_owned());
                return self.option(&option, || attached.or_else(|| rest.next()));
            }
            self.option(&option, || None)?;
        }
        Ok(())
    }

    fn option(
        &mut self,
        option: &str,
        value: impl FnOnce() -> Option<String>,
    ) -> Result<(), Fault> {
        let value = || {
            value()
                .ok_or_else(|| Fault::new(format!("the option {option} of curl lacks its value")))
        };
        match option {
            "-X" | "--request" => self.method = Some(value()?),
            "-H" | "--header" => self.headers.push(value()?),
            "-d" | "--data" | "--data-ascii" | "--data-binary" => {
                let data = value()?;
                if let Some(file) = data.strip_prefix('@') {
                    return Err(in_file(file));
                }
                self.add(&data);
            }
            "--data-raw" => self.add(&value()?),
            "--data-urlencode" => self.add(&urlencoded(&value()?)?),
            "--json" => {
                let data = value()?;
                if let Some(file) = data.strip_prefix('@') {
                    return Err(in_file(file));
                }
                self.is_json = true;
                // Unlike the others, several pieces are put together as they are.
                self.data.get_or_insert_default().push_str(&data);
            }
            "-u" | "--user" => self.user = Some(value()?),
            "-A" | "--user-agent" => self.headers.push(format!("User-Agent: {}", value()?)),
            "-e" | "--referer" => self.headers.push(format!("Referer: {}", value()?)),
            "-b" | "--cookie" => self.headers.push(format!("Cookie: {}", value()?)),
            "--oauth2-bearer" => self.headers.push(format!("Authorization: Bearer {}", value()?)),
            "--url" => return self.set_url(value()?),
            "-G" | "--get" => self.in_query = true,
            "-I" | "--head" => self.is_head = true,
            "-f" | "-k" | "-L" | "-v" => {}
            _ if IGNORED.contains(&option) => {}
            _ if IGNORED_WITH_VALUE.contains(&option) => drop(value()?),
            _ => {
                return Err(Fault::new(format!(
                    "the option {option} of curl is not understood: save the request as a raw \
                     message instead"
                )));
            }
        }
        Ok(())
    }

    fn set_url(&mut self, url: String) -> Result<(), Fault> {
        match self.url.replace(url) {
            None => Ok(()),
            Some(_) => Err(Fault::new("the command line of curl has several URLs")),
        }
    }

    fn add(&mut self, data: &str) {
        match &mut self.data {
            Some(known) => {
                known.push('&');
                known.push_str(data);
            }
            none => *none = Some(data.to_owned()),
        }
    }

    fn request(self) -> Result<Saved, Fault> {
        let mut url = self.url.ok_or_else(|| Fault::new("the command line of curl has no URL"))?;
        if !url.contains("://") && !url.starts_with('/') {
            url = format!("http://{url}");
        }
        let mut body = self.data;
        if self.in_query
            && let Some(data) = body.take()
        {
            url = url.split('#').next().unwrap_or_default().to_owned();
            url.push(if url.contains('?') { '&' } else { '?' });
            url.push_str(&data);
        }
        let usual = match &body {
            _ if self.is_head => "HEAD",
            Some(_) => "POST",
            None => "GET",
        };
        let mut draft = Draft::new(self.method.as_deref().unwrap_or(usual), &url)?;
        let mut removed = Vec::new();
        for written in &self.headers {
            if let Some((name, value)) = written.split_once(':') {
                if value.trim().is_empty() {
                    // Keeps a header of curl's own from being sent.
                    removed.push(name.trim().to_ascii_lowercase());
                } else {
                    draft.header(name, value.trim().as_bytes())?;
                }
            } else if let Some(name) = written.strip_suffix(';') {
                draft.header(name, b"")?;
            } else {
                return Err(Fault::new(format!("{written:?} is no header")));
            }
        }
        let mut usual = Vec::new();
        if self.is_json {
            usual.push((header::CONTENT_TYPE, "application/json".to_owned()));
            usual.push((header::ACCEPT, "application/json".to_owned()));
        } else if body.is_some() {
            let form = "application/x-www-form-urlencoded".to_owned();
            usual.push((header::CONTENT_TYPE, form));
        }
        usual.push((header::ACCEPT, "*/*".to_owned()));
        usual.extend(self.user.map(|user| (header::AUTHORIZATION, basic(&user))));
        for (name, value) in usual {
            if !draft.has(&name) && !removed.iter().any(|removed| *removed == name.as_str()) {
                draft.header(name.as_str(), value.as_bytes())?;
            }
        }
        Ok(draft.end(body.unwrap_or_default().into_bytes()))
    }
}

fn takes_value(option: &str) -> bool {
    matches!(option, "-X" | "-H" | "-d" | "-u" | "-A" | "-e" | "-b")
        || IGNORED_WITH_VALUE.contains(&option)
}

fn in_file(file: &str) -> Fault {
    Fault::new(format!(
        "the body is in another file, {file}: give it with --url and --body, or put it in its place"
    ))
}

/// `content`, `=content` and `name=content`, encoded as a form.
fn urlencoded(data: &str) -> Result<String, Fault> {
    let encode = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    // Unlike a form, curl writes a blank as `%20`.
    let encode = |text: &str| encode(text).replace('+', "%20");
    match (data.find('='), data.find('@')) {
        (Some(at), other) if other.is_none_or(|other| at < other) => {
            let (name, content) = (&data[..at], &data[at + 1..]);
            let name = if name.is_empty() { String::new() } else { format!("{name}=") };
            Ok(format!("{name}{}", encode(content)))
        }
        (_, Some(at)) => Err(in_file(&data[at + 1..])),
        _ => Ok(encode(data)),
    }
}
