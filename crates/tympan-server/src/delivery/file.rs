//! A file: one event a line, on the disk before anyone hears that it is delivered.

use std::fs;
use std::fs::File;
use std::fs::OpenOptions;
use std::io;
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use tympan_core::config;
use tympan_journal::Later;
use tympan_journal::Leased;

use super::Deliver;
use super::Failure;

/// How many events are written and synced together.
const BATCH: usize = 256;

/// A file that events are added to.
#[derive(Debug)]
pub(super) struct FileOut {
    place: Arc<Place>,
}

#[derive(Debug)]
struct Place {
    path: PathBuf,
    rotate: Option<u64>,
    keep: usize,
    open: Opened,
}

/// A file, shared by all that add to it, of whatever generation: one at a time writes or puts aside.
pub(super) type Opened = Arc<Mutex<Option<File>>>;

impl FileOut {
    pub(super) fn new(path: PathBuf, file: &config::File, open: Opened) -> Self {
        let config::File { rotate, keep, .. } = *file;
        Self { place: Arc::new(Place { path, rotate, keep, open }) }
    }
}

impl Deliver for FileOut {
    fn deliver<'d>(
        &'d self,
        events: &'d [Leased],
        _: &'d mut Vec<usize>,
    ) -> Later<'d, Result<(), Failure>> {
        let mut text = Vec::new();
        for event in events {
            text.extend_from_slice(&event.body);
            text.push(b'\n');
        }
        let place = Arc::clone(&self.place);
        Box::pin(async move {
            let written = tokio::task::spawn_blocking(move || place.add(&text)).await;
            let written = written.unwrap_or_else(|error| Err(error.into()));
            written.map_err(|error| Failure::passing(error.to_string()))
        })
    }

    fn batch(&self) -> usize {
        BATCH
    }

    fn concurrency(&self) -> usize {
        1
    }
}

impl Place {
    /// Adds whole lines. After a failure the file is opened anew, as what the system says of this
    /// one cannot be believed any more; a line that was cut off gets an end.
    fn add(&self, text: &[u8]) -> io::Result<()> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let mut file = match open.take().filter(|file| self.is_there(file)) {
            Some(file) => file,
            None => self.begin()?,
        };
        if self.rotate.is_some_and(|most| file.metadata().is_ok_and(|it| it.len() >= most)) {
            self.put_aside()?;
            file = self.begin()?;
        }
        file.write_all(text)?;
        file.sync_data()?;
        *open = Some(file);
        Ok(())
    }

    /// Whether nobody has moved the file away meanwhile.
    fn is_there(&self, file: &File) -> bool {
        let same = |a: &fs::Metadata, b: &fs::Metadata| (a.dev(), a.ino()) == (b.dev(), b.ino());
        match (file.metadata(), fs::metadata(&self.path)) {
            (Ok(ours), Ok(theirs)) => same(&ours, &theirs),
            _ => false,
        }
    }

    fn begin(&self) -> io::Result<File> {
        let is_new = !self.path.exists();
        let mut file =
            OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(&self.path)?;
        if is_new {
            let folder = self.path.parent().filter(|it| !it.as_os_str().is_empty());
            File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
        } else if !ends_with_line(&file)? {
            file.write_all(b"\n")?;
        }
        Ok(file)
    }

    fn put_aside(&self) -> io::Result<()> {
        for number in (1..self.keep).rev() {
            if self.aside(number).exists() {
                fs::rename(self.aside(number), self.aside(number + 1))?;
            }
        }
        fs::rename(&self.path, self.aside(1))
    }

    fn aside(&self, number: usize) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(format!(".{number}"));
        name.into()
    }
}

fn ends_with_line(file: &File) -> io::Result<bool> {
    use std::os::unix::fs::FileExt;
    let length = file.metadata()?.len();
    let mut last = [0];
    match length.checked_sub(1) {
        None => Ok(true),
        Some(at) => file.read_exact_at(&mut last, at).map(|()| last == *b"\n"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::sync::Arc;
    use std::thread;

    use tympan_core::config;

    use super::FileOut;
    use super::Opened;

    #[test]
    fn whole_lines_and_a_new_file_when_it_is_large() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.jsonl");
        fs::write(&path, "cut o").unwrap();
        let file = config::File { path: "events.jsonl".into(), rotate: Some(8), keep: 2 };
        let out = FileOut::new(path.clone(), &file, Opened::default());
        for line in ["f\n", "b\n", "c\n", "d\n", "e\n", "f\n", "g\n", "h\n", "i\n", "j\n"] {
            out.place.add(line.as_bytes()).unwrap();
        }
        let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
        assert_eq!(read("events.jsonl"), "j\n");
        assert_eq!(read("events.jsonl.1"), "f\ng\nh\ni\n");
        assert_eq!(read("events.jsonl.2"), "b\nc\nd\ne\n");
        assert!(!folder.path().join("events.jsonl.3").exists());
        fs::rename(&path, folder.path().join("moved")).unwrap();
        out.place.add(b"k\n").unwrap();
        assert_eq!(read("events.jsonl"), "k\n");
    }

    #[test]
    fn generations_take_turns_at_one_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.jsonl");
        let file = config::File { path: "events.jsonl".into(), rotate: Some(64), keep: 1000 };
        let open = Opened::default();
        thread::scope(|scope| {
            for generation in 0..4 {
                let out = FileOut::new(path.clone(), &file, Arc::clone(&open));
                scope.spawn(move || {
                    for number in 0..100 {
                        out.place.add(format!("{generation}-{number}\n").as_bytes()).unwrap();
                    }
                });
            }
        });
        let files = fs::read_dir(folder.path()).unwrap().map(|it| it.unwrap().path());
        let texts: String = files.map(|it| fs::read_to_string(it).unwrap()).collect();
        let all = (0..4).flat_map(|generation| (0..100).map(move |n| format!("{generation}-{n}")));
        assert_eq!(texts.lines().count(), 400);
        assert!(texts.lines().map(str::to_owned).collect::<BTreeSet<_>>() == all.collect());
    }
}
