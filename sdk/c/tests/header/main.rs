//! The header in the repository is the one generated from the code, and so is what other languages make of it.

#![expect(clippy::unwrap_used, reason = "a test that fails may panic")]

mod csharp;

use std::{fs, path::Path};

use cbindgen::{Builder, Config, DocumentationStyle, EnumConfig, ExportConfig, Language, RenameRule, Style};

/// In the order in which a person reads them.
const FILES: [&str; 10] =
    ["version", "failure", "game", "connection", "value", "spec", "kind", "variable", "action", "log"];

const FOLDER: &str = env!("CARGO_MANIFEST_DIR");

#[test]
fn the_header_is_what_the_code_makes() {
    compare("include/observerio.h", &header(config()));
}

/// LuaJIT reads C declarations, but no preprocessor directives.
#[test]
fn what_lua_reads_is_what_the_code_makes() {
    let text = declarations();
    compare(
        "../lua/observerio_h.lua",
        &format!("-- Made from observerio.h: don't edit it.\nreturn [[\n{text}\n]]\n"),
    );
}

#[test]
fn what_csharp_imports_is_what_the_code_makes() {
    let part = |text: &str| text.parse::<u32>().unwrap();
    let version = part(env!("CARGO_PKG_VERSION_MAJOR")) << 16
        | part(env!("CARGO_PKG_VERSION_MINOR")) << 8
        | part(env!("CARGO_PKG_VERSION_PATCH"));
    compare("../csharp/Runtime/NativeMethods.cs", &csharp::native_methods(&declarations(), version));
}

/// The header without comments and preprocessor directives.
fn declarations() -> String {
    let bare = Config {
        cpp_compat: false,
        include_guard: None,
        sys_includes: Vec::new(),
        header: None,
        after_includes: None,
        documentation: false,
        ..config()
    };
    let length = header(config());
    let length = length.lines().find_map(|line| line.strip_prefix("#define OBS_REASON_BYTES ")).unwrap();
    let declarations = header(bare).replace("OBS_REASON_BYTES", length);
    let declarations: Vec<_> = declarations.lines().filter(|line| !line.starts_with('#')).collect();
    declarations.join("\n").trim().to_owned()
}

/// Compares; with `OBSERVERIO_WRITE_HEADER`, writes the file first.
fn compare(file: &str, made: &str) {
    let path = Path::new(FOLDER).join(file);
    if std::env::var_os("OBSERVERIO_WRITE_HEADER").is_some() {
        fs::write(&path, made).unwrap();
    }
    let is_same = fs::read_to_string(&path).unwrap_or_default() == made;
    assert!(
        is_same,
        "sdk/c/{file} is not what the code declares; \
         `OBSERVERIO_WRITE_HEADER=1 cargo test -p observerio-c --test header` writes it"
    );
}

#[test]
fn other_languages_have_this_version() {
    let version = env!("CARGO_PKG_VERSION");
    let (major, minor) = (env!("CARGO_PKG_VERSION_MAJOR"), env!("CARGO_PKG_VERSION_MINOR"));
    let patch = env!("CARGO_PKG_VERSION_PATCH");
    for (file, line) in [
        ("../python/pyproject.toml", format!("version = \"{version}\"\n")),
        (
            "../python/src/observerio/_native.py",
            format!("HEADER_VERSION = {major} << 16 | {minor} << 8 | {patch}\n"),
        ),
        ("../lua/observerio.lua", format!("_VERSION = \"{version}\"")),
        ("../csharp/package.json", format!("\"version\": \"{version}\",\n")),
        ("../csharp/Observerio.csproj", format!("<Version>{version}</Version>\n")),
        ("../godot/addons/observerio/session.gd", format!("\"sdk\": \"godot/{version}\"")),
        ("../bevy/Cargo.toml", format!("version = \"{version}\"\nedition")),
    ] {
        let text = fs::read_to_string(Path::new(FOLDER).join(file)).unwrap();
        assert!(text.contains(&line), "{file} has not `{line}`");
    }
}

fn header(config: Config) -> String {
    let mut builder = Builder::new().with_config(config);
    for file in FILES {
        builder = builder.with_src(Path::new(FOLDER).join(format!("src/{file}.rs")));
    }
    let mut bytes = Vec::new();
    builder.generate().unwrap().write(&mut bytes);
    String::from_utf8(bytes).unwrap()
}

fn config() -> Config {
    Config {
        language: Language::C,
        style: Style::Both,
        cpp_compat: true,
        include_guard: Some("OBSERVERIO_H".to_owned()),
        no_includes: true,
        usize_is_size_t: true,
        sys_includes: ["stdbool.h", "stddef.h", "stdint.h"].map(str::to_owned).to_vec(),
        header: Some(BEGINNING.to_owned()),
        after_includes: Some(version()),
        documentation_style: DocumentationStyle::C99,
        line_length: 110,
        export: ExportConfig {
            include: ["obs_level", "obs_kind", "obs_decision"].map(str::to_owned).to_vec(),
            ..ExportConfig::default()
        },
        enumeration: EnumConfig {
            rename_variants: RenameRule::QualifiedScreamingSnakeCase,
            ..EnumConfig::default()
        },
        ..Config::default()
    }
}

const BEGINNING: &str = r#"// The game's side of observerio, for C and for every language that can call C.
//
// Made from the library's code: don't edit it. docs/sdk-c.md shows how to begin.
//
// - The game never waits for the network, but in obs_flush and obs_close, which have a deadline.
// - Texts are UTF-8 and end with a zero byte. What is handed in is copied, unless it says otherwise.
// - NULL where there must be something, and text that is not UTF-8, are answered with a negative obs_status; obs_last_error
//   says which argument it was. A pointer to anything else, or to what was freed, can't be found out.
// - "Any thread" means: from several threads at once, too.
// - No call unwinds or throws into the game."#;

fn version() -> String {
    let (major, minor, patch) =
        (env!("CARGO_PKG_VERSION_MAJOR"), env!("CARGO_PKG_VERSION_MINOR"), env!("CARGO_PKG_VERSION_PATCH"));
    format!(
        r#"
#define OBS_VERSION_MAJOR {major}
#define OBS_VERSION_MINOR {minor}
#define OBS_VERSION_PATCH {patch}
// The version of this header, as obs_version() gives the library's.
#define OBS_VERSION ((uint32_t)OBS_VERSION_MAJOR << 16 | OBS_VERSION_MINOR << 8 | OBS_VERSION_PATCH)
// Whether the library that runs offers what this header declares: ask before anything else.
#define OBS_IS_COMPATIBLE() obs_is_compatible(OBS_VERSION)

#define OBS_TEXT_OF_(word) #word
#define OBS_TEXT_OF(word) OBS_TEXT_OF_(word)
// Where this word stands, for `source` of a spec: "boss.c:41".
#define OBS_SOURCE __FILE__ ":" OBS_TEXT_OF(__LINE__)
"#
    )
}
