//! The library as it is shipped, and a puppet in each language over it.

use std::{
    env, fs,
    io::Write as _,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::OnceLock,
};

/// The most that the stripped library may take, in bytes.
const MAX_LIBRARY_BYTES: u64 = 670 * 1024;

/// A program and its arguments; `None` if the language is not installed.
pub type Puppet = Option<Vec<String>>;

/// How a binding connects.
#[derive(Clone, Copy)]
pub enum Line {
    Tcp,
    WebSocket,
}

pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The build directory.
fn target() -> PathBuf {
    Path::new(env!("CARGO_BIN_EXE_observerio")).parent().unwrap().parent().unwrap().to_owned()
}

/// Runs a command. If it fails, the test fails with its error output.
pub fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|why| panic!("{command:?}: {why}"));
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {}\n{text}", output.status);
}

pub fn is_installed(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// Whether all of these programs are installed. With `OBSERVERIO_REQUIRE_BINDINGS`, they must be.
pub fn has(binding: &str, programs: &[&str]) -> bool {
    let missing: Vec<_> = programs.iter().filter(|program| !is_installed(program)).collect();
    if missing.is_empty() {
        return true;
    }
    assert!(env::var_os("OBSERVERIO_REQUIRE_BINDINGS").is_none(), "{binding}: {missing:?} not installed");
    let sentence = format!("\nSKIPPED {binding}: {missing:?} not installed\n");
    std::io::stderr().write_all(sentence.as_bytes()).unwrap();
    false
}

/// The folder of `libobserverio.so` and `libobserverio.a`, built as they are shipped.
pub fn library() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| build("sdk", "sdk"))
}

/// The same without optimisation, for valgrind. An optimiser reads a value before it knows whether there is one, and drops
/// the result if there was none: in `Slot::apply` of the shipped library, which reads the clamped value of an outcome that may
/// be another one, valgrind takes this for a decision by a value that was never set.
fn checked_library() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| build("dev", "debug"))
}

fn build(profile: &str, folder: &str) -> PathBuf {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()));
    cargo.args(["build", "--quiet", "--profile", profile, "--package", "observerio-c", "--target-dir"]);
    cargo.arg(target()).current_dir(repository());
    forget_package(&mut cargo);
    run(&mut cargo);
    target().join(folder)
}

/// Takes from a command what cargo says of the package under test: build scripts that watch it would run each time.
pub fn forget_package(command: &mut Command) {
    for (name, _) in env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
            command.env_remove(name.as_ref());
        }
    }
}

/// The commands of a page: the lines of the shell block with this beginning, with these words replaced.
pub fn shown<const N: usize>(page: &str, beginning: &str, here: [(&str, String); N]) -> Vec<String> {
    let page = fs::read_to_string(repository().join(page)).unwrap();
    let block =
        page.split("```sh\n").find(|block| block.starts_with(beginning)).expect("a block of commands");
    let block = block.split("```").next().unwrap_or_default().to_owned();
    let block = here.iter().fold(block, |block, (word, with)| block.replace(word, with));
    block.lines().map(str::to_owned).collect()
}

/// Where puppets are built.
pub fn workshop() -> PathBuf {
    let folder = target().join("bindings");
    fs::create_dir_all(&folder).unwrap();
    folder
}

pub fn words(words: &[&str], program: &Path) -> Puppet {
    Some(words.iter().map(|word| (*word).to_owned()).chain([text(program)]).collect())
}

pub fn text(path: &Path) -> String {
    path.to_str().expect("the repository's path is UTF-8").to_owned()
}

const WARNINGS: [&str; 5] = ["-O1", "-g", "-Wall", "-Wextra", "-Werror"];

/// Compiles a C program against the shared library.
fn compile_c(source: &str, name: &str, library: &Path) -> PathBuf {
    let program = workshop().join(name);
    let mut cc = Command::new("cc");
    cc.arg("-std=c11").arg("-D_POSIX_C_SOURCE=200809L").arg("-Wpedantic").args(WARNINGS);
    cc.arg("-I").arg(repository().join("sdk/c/include")).arg(repository().join(source));
    cc.arg("-o").arg(&program).args(linked(library));
    run(&mut cc);
    program
}

/// Arguments that link a program with the shared library, which it also finds when it runs.
fn linked(library: &Path) -> Vec<String> {
    let library = text(library);
    vec![format!("-L{library}"), "-lobserverio".to_owned(), format!("-Wl,-rpath,{library}")]
}

/// Running threads and the standard library's thread-locals are "possibly lost": these are not leaks.
const VALGRIND: [&str; 6] = [
    "valgrind",
    "--quiet",
    "--error-exitcode=99",
    "--leak-check=full",
    "--show-leak-kinds=definite",
    "--errors-for-leak-kinds=definite",
];

/// The words of a puppet in C that was made elsewhere, a line each: of another platform, for example, and what runs it.
const PUPPET_C: &str = "OBSERVERIO_PUPPET_C";

/// C, under valgrind.
pub fn c() -> Puppet {
    static PUPPET: OnceLock<Puppet> = OnceLock::new();
    if let Ok(words) = env::var(PUPPET_C) {
        return Some(words.lines().map(str::to_owned).collect());
    }
    let build = || {
        has("C", &["cc", "valgrind"])
            .then(|| words(&VALGRIND, &compile_c("sdk/c/stories/puppet.c", "puppet-c", checked_library())))?
    };
    PUPPET.get_or_init(build).clone()
}

/// Compiles a C++ program against the shared library.
fn compile_cpp(source: &str, name: &str, library: &Path) -> PathBuf {
    let program = workshop().join(name);
    let mut cc = Command::new("c++");
    cc.args(["-std=c++17", "-Wpedantic", "-pthread"]).args(WARNINGS);
    cc.arg("-I").arg(repository().join("sdk/cpp/include")).arg("-I").arg(repository().join("sdk/c/include"));
    cc.arg(repository().join(source)).arg("-o").arg(&program).args(linked(library));
    run(&mut cc);
    program
}

/// C++, under valgrind.
pub fn cpp() -> Puppet {
    static PUPPET: OnceLock<Puppet> = OnceLock::new();
    let build = || {
        has("C++", &["c++", "valgrind"]).then(|| {
            words(&VALGRIND, &compile_cpp("sdk/cpp/stories/puppet.cpp", "puppet-cpp", checked_library()))
        })?
    };
    PUPPET.get_or_init(build).clone()
}

/// A program in Python, with the package from the repository.
pub fn python(source: &str) -> Puppet {
    has("Python", &["python3"]).then(|| {
        let package = format!("PYTHONPATH={}", text(&repository().join("sdk/python/src")));
        let library = format!("OBSERVERIO_LIBRARY={}", text(&library().join("libobserverio.so")));
        let environment = ["env", &package, &library, "PYTHONDONTWRITEBYTECODE=1", "python3", "-X", "dev"];
        words(&environment, &repository().join(source))
    })?
}

/// A program in Lua.
pub fn lua(source: &str) -> Puppet {
    has("Lua", &["luajit"]).then(|| {
        let modules = format!("LUA_PATH={}/?.lua;;", text(&repository().join("sdk/lua")));
        let library = format!("OBSERVERIO_LIBRARY={}", text(&library().join("libobserverio.so")));
        words(&["env", &modules, &library, "luajit"], &repository().join(source))
    })?
}

/// A program in JavaScript, with the WebSocket that Node has as browsers do: since version 22 without asking.
pub fn web(source: &str) -> Puppet {
    has("the web", &["node"])
        .then(|| words(&["node", "--no-warnings", "--experimental-websocket"], &repository().join(source)))?
}

/// A program in Go; cgo finds the library by itself.
fn compile_go(package: &str, name: &str) -> PathBuf {
    library();
    let program = workshop().join(name);
    let mut go = Command::new("go");
    go.args(["build", "-o"]).arg(&program).arg(package).current_dir(repository().join("sdk/go"));
    run(&mut go);
    program
}

/// Go, with its checks of pointers that are passed to C.
pub fn go() -> Puppet {
    static PUPPET: OnceLock<Puppet> = OnceLock::new();
    let build = || {
        has("Go", &["go", "cc"])
            .then(|| words(&["env", "GODEBUG=cgocheck=2"], &compile_go("./stories/puppet", "puppet-go")))?
    };
    PUPPET.get_or_init(build).clone()
}

/// A clone as a reader of the pages has it, whose library is built.
fn clone() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        library();
        let folder = workshop().join("clone");
        // commands put programs beside these
        fs::create_dir_all(&folder).unwrap();
        for (name, place) in [("sdk", repository().join("sdk")), ("target", target())] {
            let link = folder.join(name);
            if fs::read_link(&link).ok().as_ref() != Some(&place) {
                let _ = fs::remove_file(&link);
                symlink(place, link).unwrap();
            }
        }
        folder
    })
}

/// What builds the library; the tests have built it.
const BUILDS: &str = "cargo build --profile sdk --package observerio-c\n";

/// What a page and the dashboard say to type for a language, in a clone. `programs` is what it needs.
pub fn commands(language: &str, programs: &[&str]) -> Puppet {
    let commands = typed(language);
    has(language, programs).then(|| {
        let (folder, rest) = match commands.strip_prefix(BUILDS) {
            Some(rest) => (clone().to_owned(), rest),
            None => (repository(), commands.as_str()),
        };
        // the two arguments that the test adds
        let rest = rest.replace("YOUR_KEY", r#""$1" "$2""#);
        ["sh", "-ec", &format!("cd '{}'\n{rest}", text(&folder)), "sh"].map(str::to_owned).to_vec()
    })
}

/// The same as it is written.
pub fn typed(language: &str) -> String {
    fs::read_to_string(repository().join(format!("app/snippets/{language}.sh"))).unwrap()
}

/// In the parts in which a page has it.
pub fn blocks(language: &str) -> Vec<String> {
    let typed = typed(language);
    match typed.strip_prefix(BUILDS) {
        Some(rest) => vec![BUILDS.to_owned(), rest.to_owned()],
        None => vec![typed],
    }
}

/// The package's example with the first observerio's calls.
pub fn original_go() -> Puppet {
    has("Go", &["go", "cc"]).then(|| words(&[], &compile_go("./examples/original", "original-go")))?
}

/// Its parts, without a server.
#[test]
fn the_web_package_passes_its_own_tests() {
    if has("the web", &["node"]) {
        run(Command::new("node").args(["--test", "test/"]).current_dir(repository().join("sdk/web")));
    }
}

#[test]
fn the_stripped_library_is_small() {
    let file = library().join("libobserverio.so");
    let bytes = fs::metadata(&file).unwrap().len();
    println!("libobserverio.so: {bytes} bytes, stripped");
    assert!(bytes <= MAX_LIBRARY_BYTES, "{bytes} bytes");
    let again = workshop().join("stripped.so");
    run(Command::new("strip").arg(&file).arg("-o").arg(&again));
    let stripped = fs::metadata(&again).unwrap().len();
    assert!(bytes - stripped < 4096, "strip makes {stripped} of {bytes} bytes");
}

/// A statically linked program needs no library when it runs.
#[test]
fn the_static_library_is_whole() {
    if !has("C", &["cc"]) {
        return;
    }
    let program = workshop().join("puppet-static");
    let mut cc = Command::new("cc");
    cc.arg("-D_POSIX_C_SOURCE=200809L").arg("-I").arg(repository().join("sdk/c/include"));
    cc.arg(repository().join("sdk/c/stories/puppet.c")).arg(library().join("libobserverio.a"));
    cc.arg("-o").arg(&program).args(["-lpthread", "-ldl", "-lm"]);
    run(&mut cc);
    let mut puppet = Command::new(&program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let commands = "new\t0123456789ab\tphone\nint\tlives\t3\t0\t10\nget\tlives\n";
    puppet.stdin.take().unwrap().write_all(commands.as_bytes()).unwrap();
    let output = puppet.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "ok\nok\n3\n");
}
