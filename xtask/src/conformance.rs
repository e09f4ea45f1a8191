//! The WebSocket protocol, as the cases of the Autobahn test suite have it: kosoku plays them to the program's own upgrade and limits,
//! behind which `--echo` says back what it hears.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use anyhow::{Context, Result, bail};

use crate::counts::Counts;
use crate::{check, setup, shell};

/// Everything but messages over the dashboard's limit of 256 KiB (most of 9), and compression (12, 13), which is not offered.
const CASES: [&str; 14] = [
    "1.*", "2.*", "3.*", "4.*", "5.*", "6.*", "7.*", "9.1.1", "9.1.2", "9.2.1", "9.2.2", "9.7.*", "9.8.*",
    "10.*",
];

/// Every case passes.
pub(crate) fn check(counts: &mut Counts) -> Result<()> {
    let tester = setup::websocket_tester()?;
    let echo = Echo::start()?;
    let reports = shell::target_dir().join("conformance");
    let mut play = shell::program(&tester, &["--mode", "fuzzingclient", "--parallelism", "4", "--outdir"]);
    play.arg(&reports).args(CASES.iter().flat_map(|case| ["--include", case]));
    play.arg(format!("ws://{}/echo", echo.address));
    let mut seen = Counts::default();
    let passed = shell::run_watched(&mut play, |line| seen.see_kosoku(line))?;
    *counts += seen;
    if !passed || seen.passed == 0 {
        bail!("a case failed; see {}", shell::relative(&reports));
    }
    Ok(())
}

/// The program on ports and data of its own. Dropping it ends it.
struct Echo {
    program: Child,
    address: String,
}

impl Echo {
    fn start() -> Result<Self> {
        let program = check::program()?;
        let name = program.to_str().context("the program's path is not UTF-8")?;
        let data = shell::target_dir().join("conformance-data");
        let mut start =
            shell::program(name, &["serve", "--echo", "--http", "127.0.0.1:0", "--tcp", "127.0.0.1:0"]);
        let mut program = start.arg("--data-dir").arg(&data).stdout(Stdio::piped()).spawn()?;
        let banner = BufReader::new(program.stdout.take().expect("stdout is piped just above"));
        let found = banner.lines().map_while(Result::ok).find_map(|line| {
            line.trim()
                .strip_prefix("Dashboard")
                .map(|url| url.trim().trim_start_matches("http://").to_owned())
        });
        let mut echo = Self { program, address: String::new() };
        echo.address = found.context("the program exited before it printed its address")?;
        Ok(echo)
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        // it may have ended by itself; what it stored is nothing
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}
