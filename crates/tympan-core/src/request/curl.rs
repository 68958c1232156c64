//! A `curl` command line, as people write it and as browsers and consoles copy it.

use form_urlencoded::byte_serialize;
use http::header;
use percent_encoding::percent_decode_str;

use super::Draft;
use super::Fault;
use super::OtherFiles;
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
struct Options<'f> {
    /// Where the files are that they name.
    files: OtherFiles<'f>,
    method: Option<String>,
    url: Option<String>,
    headers: Vec<String>,
    data: Option<Vec<u8>>,
    is_json: bool,
    in_query: bool,
    is_head: bool,
    user: Option<String>,
}

pub(super) fn read(text: &str, files: OtherFiles<'_>) -> Result<Saved, Fault> {
    let words = shell::words(text)?;
    let mut options = Options {
        files,
        method: None,
        url: None,
        headers: Vec::new(),
        data: None,
        is_json: false,
        in_query: false,
        is_head: false,
        user: None,
    };
    // The first word is the command.
    let mut words = words.into_iter().skip(1);
    while let Some(word) = words.next() {
        options.take(word, &mut words)?;
    }
    options.request()
}

impl Options<'_> {
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
            "-d" | "--data" | "--data-ascii" => {
                let (data, is_file) = self.data(value()?)?;
                // Of a file, curl leaves out what ends lines.
                let is_kept = |byte: &u8| !is_file || !matches!(byte, b'\r' | b'\n' | b'\0');
                self.add(&data.into_iter().filter(is_kept).collect::<Vec<_>>());
            }
            "--data-binary" => {
                let (data, _) = self.data(value()?)?;
                self.add(&data);
            }
            "--data-raw" => self.add(value()?.as_bytes()),
            "--data-urlencode" => {
                let data = self.urlencoded(&value()?)?;
                self.add(data.as_bytes());
            }
            "--json" => {
                let (data, _) = self.data(value()?)?;
                self.is_json = true;
                // Unlike the others, several pieces are put together as they are.
                self.data.get_or_insert_default().extend_from_slice(&data);
            }
            "-F" | "--form" | "--form-string" => {
                return Err(Fault::new(format!(
                    "with {option}, curl makes up a boundary each time, so that the body that was \
                     sent is not known: save the request as a raw message instead"
                )));
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

    /// What an option gives as data, and whether it stands in a file: `@FILE`.
    fn data(&self, written: String) -> Result<(Vec<u8>, bool), Fault> {
        match written.strip_prefix('@') {
            Some(file) => Ok((self.file(file)?, true)),
            None => Ok((written.into_bytes(), false)),
        }
    }

    fn file(&self, name: &str) -> Result<Vec<u8>, Fault> {
        (self.files)(name).map_err(|why| {
            Fault::new(format!("the body is in another file, {name}, which is not read: {why}"))
        })
    }

    /// `content`, `=content`, `name=content`, `@file` and `name@file`, encoded as a form.
    fn urlencoded(&self, data: &str) -> Result<String, Fault> {
        // Unlike a form, curl writes a blank as `%20`.
        let encode = |text: &[u8]| byte_serialize(text).collect::<String>().replace('+', "%20");
        let Some(at) = data.find(['=', '@']) else { return Ok(encode(data.as_bytes())) };
        let (name, content) = (&data[..at], &data[at + 1..]);
        let name = if name.is_empty() { String::new() } else { format!("{name}=") };
        if data[at..].starts_with('@') {
            return Ok(format!("{name}{}", encode(&self.file(content)?)));
        }
        Ok(format!("{name}{}", encode(content.as_bytes())))
    }

    fn add(&mut self, data: &[u8]) {
        match &mut self.data {
            Some(known) => {
                known.push(b'&');
                known.extend_from_slice(data);
            }
            none => *none = Some(data.to_vec()),
        }
    }

    fn request(self) -> Result<Saved, Fault> {
        let mut url = self.url.ok_or_else(|| Fault::new("the command line of curl has no URL"))?;
        if !url.contains("://") && !url.starts_with('/') {
            url = format!("http://{url}");
        }
        let (mut url, known) = without_user(&url);
        let mut body = self.data;
        if self.in_query
            && let Some(data) = body.take()
        {
            url = url.split('#').next().unwrap_or_default().to_owned();
            url.push(if url.contains('?') { '&' } else { '?' });
            url.push_str(&String::from_utf8_lossy(&data));
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
        let user = self.user.or(known);
        usual.extend(user.map(|user| (header::AUTHORIZATION, basic(&user))));
        for (name, value) in usual {
            if !draft.has(&name) && !removed.iter().any(|removed| *removed == name.as_str()) {
                draft.header(name.as_str(), value.as_bytes())?;
            }
        }
        Ok(draft.end(body.unwrap_or_default()))
    }
}

/// A URL, and whom it names before its host: curl proves itself with that, unless `-u` says otherwise.
fn without_user(url: &str) -> (String, Option<String>) {
    let Some((scheme, rest)) = url.split_once("://") else { return (url.to_owned(), None) };
    let (authority, behind) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let Some((user, host)) = authority.rsplit_once('@') else { return (url.to_owned(), None) };
    let user = percent_decode_str(user).decode_utf8_lossy().into_owned();
    let user = if user.contains(':') { user } else { format!("{user}:") };
    (format!("{scheme}://{host}{behind}"), Some(user))
}

fn takes_value(option: &str) -> bool {
    matches!(option, "-X" | "-H" | "-d" | "-F" | "-u" | "-A" | "-e" | "-b")
        || IGNORED_WITH_VALUE.contains(&option)
}
