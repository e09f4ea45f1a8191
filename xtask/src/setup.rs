//! Installs what a new machine lacks. Every function checks first and does nothing if everything is there, so that a second run
//! needs no network.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use crate::postgres;
use crate::shell;

const WASM: &str = "wasm32-unknown-unknown";
/// What Playwright asks for.
const OLDEST_NODE: u32 = 20;
/// Checks licences, bans and sources of the dependencies.
const CARGO_DENY: &str = "0.20.2";

/// The compiler's half for the browser.
pub(crate) fn wasm_target() -> Result<()> {
    rust_target(WASM)
}

/// The compiler's half for a platform. Asked for by name, because rustup ignores `targets` in rust-toolchain.toml when its
/// automatic installs are off.
pub(crate) fn rust_target(name: &str) -> Result<()> {
    let rustc = ["--print", "target-libdir", "--target", name];
    let installed =
        shell::output(&mut shell::program("rustc", &rustc)).is_ok_and(|dir| Path::new(&dir).is_dir());
    if installed {
        return Ok(());
    }
    if !shell::is_installed("rustup") {
        bail!("this Rust cannot build for {name}, and there is no rustup to add it; install rustup");
    }
    shell::run(&mut shell::program("rustup", &["target", "add", name]))
}

/// rustfmt and clippy, which minimal installations leave out.
pub(crate) fn rust_components() -> Result<()> {
    for (command, component) in [("fmt", "rustfmt"), ("clippy", "clippy")] {
        if !shell::succeeds(&mut shell::cargo(&[command, "--version"])) {
            shell::run(&mut shell::program("rustup", &["component", "add", component]))?;
        }
    }
    Ok(())
}

/// Debian packages whose programs are missing.
pub(crate) fn debian_packages(wanted: &[Package]) -> Result<()> {
    let missing: Vec<&str> =
        wanted.iter().filter(|package| !(package.present)()).map(|package| package.name).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let install = format!("apt-get install -y --no-install-recommends {}", missing.join(" "));
    if !shell::is_installed("apt-get") {
        bail!(
            "missing: {}. On Debian, run `{install}`; elsewhere, install the equivalent",
            missing.join(", ")
        );
    }
    if !shell::is_root()? {
        bail!("missing: {}. Run `sudo apt-get update && sudo {install}`", missing.join(", "));
    }
    shell::run(&mut shell::program("apt-get", &["update"]))?;
    let _at_rest = AtRest::begin()?;
    let mut apt = shell::program("apt-get", &["install", "-y", "--no-install-recommends"]);
    shell::run(apt.args(&missing).env("DEBIAN_FRONTEND", "noninteractive"))?;
    wanted.iter().filter(|package| missing.contains(&package.name)).for_each(Package::disable);
    Ok(())
}

/// What Debian asks before it starts a service.
const POLICY: &str = "/usr/sbin/policy-rc.d";

/// While it lives no package that is installed starts its service: tests want programs, not a web server on port 80. An
/// answer that the machine has already is left alone.
struct AtRest {
    is_ours: bool,
}

impl AtRest {
    fn begin() -> Result<Self> {
        let is_ours = !Path::new(POLICY).exists();
        if is_ours {
            fs::write(POLICY, "#!/bin/sh\nexit 101\n").with_context(|| format!("cannot write {POLICY}"))?;
            fs::set_permissions(POLICY, fs::Permissions::from_mode(0o755))?;
        }
        Ok(Self { is_ours })
    }
}

impl Drop for AtRest {
    fn drop(&mut self) {
        if self.is_ours
            && let Err(error) = fs::remove_file(POLICY)
        {
            eprintln!("cargo xtask: {POLICY} may still be there: {error}");
        }
    }
}

/// A Debian package and how to see that its program is there, from wherever it came.
pub(crate) struct Package {
    name: &'static str,
    present: fn() -> bool,
}

impl Package {
    /// Its service, if it has one, is not started with the machine either.
    fn disable(&self) {
        let service = self.name.split('-').next().unwrap_or_default();
        if matches!(service, "nginx" | "caddy" | "minetest") && shell::is_installed("systemctl") {
            // without systemd at work there is nothing to disable
            shell::succeeds(&mut shell::program("systemctl", &["disable", service]));
        }
    }
}

/// Whether a program is installed, also in Debian's directories for administrators.
fn is_anywhere(name: &str) -> bool {
    shell::is_installed(name) || Path::new("/usr/sbin").join(name).is_file()
}

/// For the tests on Postgres.
pub(crate) const POSTGRES: Package =
    Package { name: "postgresql-15", present: || postgres::bin_dir().is_some() };
/// For libFuzzer, which is C++.
pub(crate) const CXX: Package =
    Package { name: "g++", present: || std::env::var_os("CXX").is_some() || shell::is_installed("c++") };
/// For the stories of faults: calls that fail, and cables that are pulled.
pub(crate) const FAULTS: [Package; 2] = [
    Package { name: "strace", present: || shell::is_installed("strace") },
    Package { name: "iproute2", present: || shell::is_installed("ip") },
];
/// For the stories behind the proxies that the documentation shows.
pub(crate) const PROXIES: [Package; 2] = [
    Package { name: "nginx-light", present: || is_anywhere("nginx") },
    Package { name: "caddy", present: || is_anywhere("caddy") },
];
/// For the stories of the SDK in each language. valgrind watches those that look after memory themselves.
pub(crate) const BINDINGS: [Package; 7] = [
    CXX,
    Package { name: "valgrind", present: || shell::is_installed("valgrind") },
    Package { name: "luajit", present: || shell::is_installed("luajit") },
    Package { name: "golang-go", present: || shell::is_installed("go") },
    Package { name: "mono-mcs", present: || shell::is_installed("mcs") },
    Package { name: "mono-runtime", present: || shell::is_installed("mono") },
    Package { name: "godot3-server", present: || shell::is_installed("godot3-server") },
];
/// Programs for 64-bit Arm, and their system's libraries.
pub(crate) const ARM64: [Package; 2] = [
    QEMU,
    Package {
        name: "libc6-arm64-cross",
        present: || Path::new("/usr/aarch64-linux-gnu/lib/libc.so.6").exists(),
    },
];
/// Programs for 32-bit Arm, and their system's libraries.
pub(crate) const ARMV7: [Package; 2] = [
    QEMU,
    Package {
        name: "libc6-armhf-cross",
        present: || Path::new("/usr/arm-linux-gnueabihf/lib/libc.so.6").exists(),
    },
];
/// Runs programs for other processors.
const QEMU: Package =
    Package { name: "qemu-user-static", present: || shell::is_installed("qemu-aarch64-static") };
/// Compiles and links for Windows.
pub(crate) const MINGW: [Package; 1] =
    [Package { name: "gcc-mingw-w64-x86-64", present: || shell::is_installed("x86_64-w64-mingw32-gcc") }];
/// Runs programs for Windows.
pub(crate) const WINE: [Package; 1] =
    [Package { name: "wine64", present: || Path::new("/usr/lib/wine/wine64").exists() }];
/// For programs in Python that tests start.
pub(crate) const PYTHON: Package = Package {
    name: "python3-venv",
    present: || shell::succeeds(&mut shell::program("python3", &["-c", "import venv, ensurepip"])),
};
/// For the tests in a browser.
pub(crate) const BROWSER: [Package; 3] = [
    Package { name: "chromium", present: || shell::is_installed("chromium") },
    Package { name: "netcat-openbsd", present: || shell::is_installed("nc") },
    PYTHON,
];

/// Games that somebody else wrote, for stories that only run if they are there, and a screen for them.
pub(crate) const GAMES: [Package; 4] = [
    Package { name: "mrrescue", present: || Path::new("/usr/share/games/mrrescue/mrrescue.love").is_file() },
    Package { name: "xvfb", present: || shell::is_installed("Xvfb") },
    Package { name: "xauth", present: || shell::is_installed("xauth") },
    Package { name: "minetest-server", present: || Path::new("/usr/games/minetestserver").is_file() },
];

/// Node.js, which runs Playwright. Not from Debian: its version may be too old.
pub(crate) fn node() -> Result<()> {
    let version = shell::output(&mut shell::program("node", &["--version"])).unwrap_or_default();
    let major = version.strip_prefix('v').and_then(|version| version.split('.').next()?.parse::<u32>().ok());
    match major {
        Some(major) if major >= OLDEST_NODE => Ok(()),
        Some(_) => bail!("Node.js {version} is too old for Playwright; install {OLDEST_NODE} or newer"),
        None => bail!("the browser tests need Node.js {OLDEST_NODE} or newer; see https://nodejs.org"),
    }
}

/// Playwright, as end2end/package-lock.json has it. It drives Debian's Chromium and downloads none.
pub(crate) fn npm_packages() -> Result<()> {
    let folder = shell::root().join("end2end");
    let lock = folder.join("package-lock.json");
    once_per_content("npm", &[&lock], &folder.join("node_modules/.package-lock.json"), || {
        let mut npm = shell::program("npm", &["ci", "--no-fund", "--no-audit"]);
        shell::run(npm.current_dir(&folder).env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1"))
    })
}

/// The Python of the example games, apart from the system's.
pub(crate) fn python_venv() -> Result<()> {
    venv("venv", "examples/aliens/requirements.txt").map(drop)
}

/// What tests the HTTP API from its document alone: the program.
pub(crate) fn schemathesis() -> Result<PathBuf> {
    Ok(venv("venv-api", "server/tests/api/requirements.txt")?.join("bin/schemathesis"))
}

/// kosoku, which tests how we speak WebSocket.
pub(crate) fn websocket_tester() -> Result<String> {
    debian_packages(&[PYTHON])?;
    let program = venv("websocket-tester", "end2end/requirements.txt")?.join("bin/kosoku");
    program.to_str().map(str::to_owned).context("the repository's path is not UTF-8")
}

/// zig, which compiles C and links for every platform.
pub(crate) struct Zig {
    /// The words that start it.
    pub(crate) words: Vec<String>,
    /// The path on which cargo finds its subcommand `zigbuild`, which finds zig.
    pub(crate) path: OsString,
}

/// zig and cargo-zigbuild, in target/venv-zig.
pub(crate) fn zig() -> Result<Zig> {
    debian_packages(&[PYTHON])?;
    let programs = venv("venv-zig", "xtask/zig-requirements.txt")?.join("bin");
    let python = programs.join("python3");
    let python = python.to_str().context("the repository's path is not UTF-8")?;
    let before = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths([programs.clone()].into_iter().chain(std::env::split_paths(&before)))?;
    Ok(Zig { words: [python, "-m", "ziglang"].map(str::to_owned).to_vec(), path })
}

/// `target/NAME` with what the file requires.
fn venv(name: &str, requirements: &str) -> Result<PathBuf> {
    let requirements = shell::root().join(requirements);
    let venv = shell::target_dir().join(name);
    let pip = venv.join("bin/pip");
    once_per_content(name, &[&requirements], &pip, || {
        shell::run(shell::program("python3", &["-m", "venv", "--clear"]).arg(&venv))?;
        let pip = pip.to_str().context("the repository's path is not UTF-8")?;
        shell::run(shell::program(pip, &["install", "--quiet", "-r"]).arg(&requirements))
    })?;
    Ok(venv)
}

/// cargo-deny of the version above, in target/tools.
pub(crate) fn cargo_deny() -> Result<PathBuf> {
    let tools = shell::target_dir().join("tools");
    let program = tools.join("bin/cargo-deny");
    let is_ours = |version: String| version.ends_with(CARGO_DENY);
    if shell::output(std::process::Command::new(&program).arg("--version")).is_ok_and(is_ours) {
        return Ok(program);
    }
    // unoptimised: it runs for a second, an optimised build takes minutes
    let mut install = shell::cargo(&["install", "--locked", "--debug", "--force", "--quiet"]);
    install.arg("--root").arg(&tools).arg(format!("cargo-deny@{CARGO_DENY}"));
    // its own throw-away build directory: it shares nothing with ours
    shell::run(install.env_remove("CARGO_TARGET_DIR").env("CARGO_PROFILE_DEV_DEBUG", "0"))?;
    Ok(program)
}

/// Does `work`, unless it was done for the same content of `inputs` and its `product` still exists.
fn once_per_content(
    name: &str,
    inputs: &[&Path],
    product: &Path,
    work: impl FnOnce() -> Result<()>,
) -> Result<()> {
    let mut hash = Sha256::new();
    for input in inputs {
        hash.update(fs::read(input).with_context(|| format!("cannot read {}", input.display()))?);
    }
    let stamp = shell::target_dir().join(format!("{name}.stamp"));
    if is_stamped(&stamp, &hex(hash.clone())) && product.exists() {
        return Ok(());
    }
    work()?;
    write_stamp(&stamp, &hex(hash))
}

/// Whether `stamp` says `content`.
pub(crate) fn is_stamped(stamp: &Path, content: &str) -> bool {
    fs::read_to_string(stamp).is_ok_and(|stamped| stamped == content)
}

/// Remembers in `stamp` what was done.
pub(crate) fn write_stamp(stamp: &Path, content: &str) -> Result<()> {
    fs::create_dir_all(shell::target_dir())?;
    fs::write(stamp, content).with_context(|| format!("cannot write {}", stamp.display()))
}

/// A finished hash in hexadecimal.
pub(crate) fn hex(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
