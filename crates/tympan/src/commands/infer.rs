//! `tympan infer`

use tympan_core::infer;
use tympan_core::infer::Captured;
use tympan_core::infer::Inferred;
use tympan_core::secret::Secret;

use crate::args::Infer;
use crate::exit::Exit;
use crate::input;
use crate::terminal;

pub(crate) fn run(options: &Infer) -> Exit {
    match answer(options) {
        Ok(Ok(Inferred { yaml, fault: None })) => {
            terminal::data(&yaml);
            Exit::Done
        }
        Ok(Ok(Inferred { yaml, fault: Some(fault) })) => {
            terminal::data(&yaml);
            terminal::say(&format!("error: the signature fits, but not in this listener: {fault}"));
            Exit::Problems
        }
        Ok(Err(n_tried)) => {
            terminal::say(&format!(
                "error: none of {n_tried} combinations fits: the secret is another, the request was \
                 changed on its way, or it is signed in a way that is not known here"
            ));
            Exit::Problems
        }
        Err(why) => {
            terminal::say(&why);
            Exit::Usage
        }
    }
}

fn answer(options: &Infer) -> Result<Result<Inferred, usize>, String> {
    let mut saved = input::requests(&options.request)?;
    let n_saved = saved.len();
    let index = options.entry.unwrap_or(1).checked_sub(1).filter(|index| *index < n_saved);
    let index = index.ok_or_else(|| format!("error: there are {n_saved} entries"))?;
    let request = saved.swap_remove(index);
    let file = options.secret_file.display().to_string();
    let secret = Secret::new(input::read(&options.secret_file)?, &file);
    let secret = secret.map_err(|why| format!("error: {why}"))?;
    let now = request.at.map_or_else(input::now, |(at, _)| at);
    Ok(infer::infer(Captured { request: &request, secret: &secret, secret_file: &file, now }))
}
