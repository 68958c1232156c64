//! What is shipped beside the binary.

use std::path::Path;
use std::process::Command;

/// The most that the service may be exposed, as systemd rates it: 0 is nothing, 10 everything.
const MOST_EXPOSURE: f64 = 2.0;

#[test]
fn the_service_may_do_little() {
    let unit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging/tympan.service");
    let output = Command::new("systemd-analyze")
        .args(["security", "--offline=true", "--no-pager"])
        .arg(&unit)
        .output()
        .expect("tests/run installs systemd-analyze");
    let told = String::from_utf8(output.stdout).unwrap();
    let overall = told.lines().find_map(|line| line.split_once("tympan.service: ")).unwrap().1;
    let exposure: f64 = overall.split(' ').next().unwrap().parse().unwrap();
    assert!(exposure <= MOST_EXPOSURE, "{told}");
}
