//! The platforms that the C library is built for.

use crate::setup::{self, Package};

/// What links the shared library.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Linker {
    /// The one that Rust chooses for the target.
    Own,
    /// zig, by cargo-zigbuild. It has the system libraries of every target, also those of old versions.
    Zig,
    /// None: there is only a static library, which is an archive and is not linked.
    None,
}

/// Who tries the library out.
#[derive(Clone, Copy)]
pub(super) enum Player {
    /// A program in C plays the stories.
    Puppet {
        /// What compiles it, `{zig}` being zig; the arguments that name files are added.
        compiler: &'static [&'static str],
        /// What links it with the library, behind its file.
        linked: &'static [&'static str],
        /// What runs it, before its file.
        runner: &'static [&'static str],
    },
    /// Node.js loads the module and calls it.
    Node,
}

pub(super) struct Platform {
    /// The name of its folder.
    pub(super) name: &'static str,
    /// Rust's name for it.
    pub(super) target: &'static str,
    /// The newest glibc that the library may need.
    pub(super) glibc: Option<&'static str>,
    pub(super) linker: Linker,
    /// What of the library is built in addition.
    pub(super) features: &'static str,
    /// Further options of the compiler.
    pub(super) rustflags: &'static str,
    /// What is shipped.
    pub(super) files: &'static [&'static str],
    pub(super) to_build: &'static [Package],
    pub(super) to_run: &'static [Package],
    pub(super) player: Player,
    /// Why it can't be tried out here, and what builds it where it can.
    pub(super) elsewhere: Option<&'static str>,
    /// For the people who use it.
    pub(super) note: &'static str,
}

const UNIX: &[&str] = &["libobserverio.so", "libobserverio.a"];
const SHARED: &[&str] = &["-lobserverio"];

const LINUX: Platform = Platform {
    name: "linux-x64",
    target: "x86_64-unknown-linux-gnu",
    glibc: Some("2.17"),
    linker: Linker::Zig,
    features: "",
    rustflags: "",
    files: UNIX,
    to_build: &[setup::PYTHON],
    to_run: &[],
    player: Player::Puppet { compiler: &["cc"], linked: SHARED, runner: &[] },
    elsewhere: None,
    note: "any Linux with glibc 2.17 or newer",
};

const MACOS: Platform = Platform {
    name: "macos-arm64",
    target: "aarch64-apple-darwin",
    glibc: None,
    linker: Linker::Zig,
    features: "",
    rustflags: "-Clink-arg=-Wl,-install_name,@rpath/libobserverio.dylib",
    files: &["libobserverio.dylib", "libobserverio.a"],
    to_build: &[setup::PYTHON],
    to_run: &[],
    player: Player::Puppet { compiler: &["cc"], linked: SHARED, runner: &[] },
    elsewhere: Some(
        "it takes a Mac to run it. There: `cargo build --profile sdk -p observerio-c --target aarch64-apple-darwin`, then \
         `cargo test --test bindings -- c::`",
    ),
    note: "macOS 11 or newer; not signed",
};

pub(super) const PLATFORMS: &[Platform] = &[
    LINUX,
    Platform {
        name: "linux-x64-tls",
        features: "tls",
        note: "any Linux with glibc 2.17 or newer; with obs_connect_tls",
        ..LINUX
    },
    Platform {
        name: "linux-arm64",
        target: "aarch64-unknown-linux-gnu",
        to_run: &setup::ARM64,
        player: Player::Puppet {
            compiler: &["{zig}", "cc", "-target", "aarch64-linux-gnu.2.17"],
            linked: SHARED,
            runner: &["qemu-aarch64-static", "-L", "/usr/aarch64-linux-gnu"],
        },
        ..LINUX
    },
    Platform {
        name: "linux-armv7",
        target: "armv7-unknown-linux-gnueabihf",
        to_run: &setup::ARMV7,
        player: Player::Puppet {
            compiler: &["{zig}", "cc", "-target", "arm-linux-gnueabihf.2.17", "-mcpu=cortex_a9"],
            linked: SHARED,
            runner: &["qemu-arm-static", "-L", "/usr/arm-linux-gnueabihf"],
        },
        ..LINUX
    },
    Platform {
        name: "linux-x64-musl",
        target: "x86_64-unknown-linux-musl",
        glibc: None,
        // without it there is no shared library
        rustflags: "-Ctarget-feature=-crt-static",
        player: Player::Puppet {
            compiler: &["{zig}", "cc", "-target", "x86_64-linux-musl", "-static"],
            linked: &["-l:libobserverio.a", "-lunwind"],
            runner: &[],
        },
        note: "Alpine and other Linux systems with musl; the stories are played with the static library",
        ..LINUX
    },
    Platform {
        name: "windows-x64",
        target: "x86_64-pc-windows-gnu",
        glibc: None,
        linker: Linker::Own,
        files: &["observerio.dll", "libobserverio.dll.a", "libobserverio.a"],
        to_build: &setup::MINGW,
        to_run: &setup::WINE,
        player: Player::Puppet {
            compiler: &["x86_64-w64-mingw32-gcc", "-D__USE_MINGW_ANSI_STDIO=1", "-static"],
            linked: &["-l:libobserverio.dll.a"],
            runner: &["/usr/lib/wine/wine64"],
        },
        note: "Windows 10 or newer; for programs of MinGW, and of Visual C++ with an import library made from the DLL",
        ..LINUX
    },
    Platform {
        name: "macos-x64",
        target: "x86_64-apple-darwin",
        elsewhere: Some(
            "it takes a Mac to run it. There: `cargo build --profile sdk -p observerio-c --target x86_64-apple-darwin`, then \
             `cargo test --test bindings -- c::`",
        ),
        ..MACOS
    },
    MACOS,
    Platform {
        name: "wasm",
        target: "wasm32-unknown-unknown",
        glibc: None,
        linker: Linker::Own,
        files: &["observerio.wasm", "libobserverio.a"],
        to_build: &[],
        player: Player::Node,
        note: "this target has no sockets, threads or clock: variables can be declared and read, but nothing connects and \
               nothing can be logged",
        ..LINUX
    },
    Platform {
        name: "android-arm64",
        target: "aarch64-linux-android",
        glibc: None,
        linker: Linker::None,
        files: &["libobserverio.a"],
        to_build: &[],
        elsewhere: Some(
            "it takes Android's NDK to link it, and a device to run it. There: `cargo ndk -t arm64-v8a build --profile sdk -p \
             observerio-c`, which also builds the shared library",
        ),
        note: "static only: link it in your NDK build",
        ..LINUX
    },
];
