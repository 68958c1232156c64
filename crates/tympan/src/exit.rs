//! The exit codes, which are the same for every command.

use std::process::ExitCode;

/// What is told after the options of every command.
pub(crate) const HELP: &str = "\
Exit codes:
  0   done; for `check`, nothing is wrong; for `plan`, nothing would change
  1   something is wrong with what was looked at, or a file cannot be written;
      for `explain`, the listeners have mistakes or the outcome is another than --expect says;
      for `eval`, an expression is wrong or ran out of a bound;
      for `test`, a test fails; for `infer`, no scheme is found;
      for `simulate`, nobody answers, or the request cannot be built as the provider would;
      for `reload`, `events` and `health`, nobody answers, or not as hoped;
      for `call` and `register`, a secret has no value, or the running server cannot do its part;
      for `secrets`, what is ordered cannot be done
  2   the command line cannot be understood, or names what is not there or holds no request;
      for `plan`, something would change
  69  `call` and `register`: whoever is called does not answer, or not in time
  74  `run` or `register --serve` lost something that it needs to go on
  76  `call` and `register`: what is answered is not what was wanted: another status, a redirect, too
      much, no JSON, no id or secret, or no handshake came
  77  `call` and `register`: who we are is refused (401, 403), or no access token is given
  78  `run` or `register --serve` cannot start with this configuration
  130 `register` was interrupted, and has ended what it had begun";

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done.
    Done,
    /// Something is wrong with what was looked at.
    Problems,
    /// A save would change something.
    Changes,
    /// The command line makes no sense here.
    Usage,
    /// Whoever was called does not answer (`EX_UNAVAILABLE`).
    Silent,
    /// Something of the system failed (`EX_IOERR`).
    System,
    /// What is answered is not what was wanted (`EX_PROTOCOL`).
    Unwanted,
    /// Who we are is refused (`EX_NOPERM`).
    Denied,
    /// The configuration cannot be served (`EX_CONFIG`).
    Configuration,
    /// Somebody wanted it to end.
    Interrupted,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Problems => 1,
            Exit::Usage | Exit::Changes => 2,
            Exit::Silent => 69,
            Exit::System => 74,
            Exit::Unwanted => 76,
            Exit::Denied => 77,
            Exit::Configuration => 78,
            Exit::Interrupted => 130,
        })
    }
}
