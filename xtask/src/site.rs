//! The website: WebAssembly, its JavaScript, stylesheet, fonts, the demo game, in `target/site`; and the server, which
//! carries them inside.
//!
//! Files that did not change are not touched: the server is only linked anew when one of them did.

use std::collections::BTreeMap;
use std::fs;
use std::mem;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use sha2::{Digest, Sha256};
use wasm_bindgen_cli_support::Bindgen;

use crate::{compress, css, setup, shell};

/// Part of the stamp: raise it when the recipe below changes.
const RECIPE: &str = "3";

/// The two ways to build.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flavour {
    /// Quick to build.
    Dev,
    /// What is shipped.
    Release,
}

impl Flavour {
    pub(crate) fn from_dev(dev: bool) -> Self {
        if dev { Self::Dev } else { Self::Release }
    }

    /// The finished program.
    pub(crate) fn program(self) -> PathBuf {
        shell::target_dir().join(if self == Self::Dev { "debug" } else { "release" }).join("observerio")
    }

    fn wasm(self) -> PathBuf {
        let profile = if self == Self::Dev { "debug" } else { "wasm-release" };
        shell::target_dir().join("wasm32-unknown-unknown").join(profile).join("frontend.wasm")
    }
}

/// Files of the website by their path in it.
type Files = BTreeMap<PathBuf, Vec<u8>>;

/// Builds the website, or finds that it is up to date.
pub(crate) fn build(flavour: Flavour) -> Result<()> {
    let profile = if flavour == Flavour::Dev { "dev" } else { "wasm-release" };
    let mut front = shell::cargo(&["build", "-p", "frontend", "--lib", "--target", "wasm32-unknown-unknown"]);
    shell::run(front.args(["--profile", profile]))?;

    let wasm =
        fs::read(flavour.wasm()).with_context(|| format!("cannot read {}", flavour.wasm().display()))?;
    let mut others = styling()?;
    others.extend(demo_game()?);
    let stamp = shell::target_dir().join("site.stamp");
    let content = fingerprint(flavour, &wasm, &others);
    let site = shell::target_dir().join("site");
    if setup::is_stamped(&stamp, &content) && is_complete(&site) {
        return Ok(());
    }
    println!("assembling the website in {}", shell::relative(&site));
    let mut files = bindgen(wasm)?;
    files.extend(others);
    if flavour == Flavour::Release {
        compress_files(&mut files)?;
    }
    // until the last file is written the website counts as stale
    setup::write_stamp(&stamp, "unfinished")?;
    write_site(&site, &files)?;
    report_sizes(&files);
    setup::write_stamp(&stamp, &content)
}

fn is_complete(site: &Path) -> bool {
    ["pkg/observerio_bg.wasm", "pkg/observerio_bg.wasm.gz"].iter().any(|file| site.join(file).is_file())
}

/// Builds the program around the website.
pub(crate) fn build_server(flavour: Flavour) -> Result<()> {
    let mut server = shell::cargo(&["build", "-p", "server", "--bin", "observerio"]);
    if flavour == Flavour::Release {
        server.arg("--release");
    }
    shell::run(&mut server)
}

/// The demo game's page, whose document the server has, and the SDK that it uses.
fn demo_game() -> Result<Files> {
    let mut files = Files::new();
    for path in entries(&shell::root().join("demo"))? {
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("css") => {
                let sheet = css::minify(&fs::read_to_string(&path)?);
                files.insert(in_package("", &path), sheet.into_bytes());
            }
            Some("js") => drop(files.insert(in_package("", &path), fs::read(&path)?)),
            _ => {}
        }
    }
    for path in entries(&shell::root().join("sdk/web/src"))? {
        if path.extension().is_some_and(|extension| extension == "js") {
            // one folder holds all files of the website, so they get names of their own
            let text = fs::read_to_string(&path)?.replace("from \"./", "from \"./sdk-");
            files.insert(in_package("sdk-", &path), text.into_bytes());
        }
    }
    Ok(files)
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    entries.map(|entry| Ok(entry?.path())).collect()
}

fn in_package(prefix: &str, path: &Path) -> PathBuf {
    let name = path.file_name().expect("a file has a name");
    Path::new("pkg").join(format!("{prefix}{}", name.to_string_lossy()))
}

/// The stylesheet, fonts and pictures.
fn styling() -> Result<Files> {
    let style = shell::root().join("style");
    let sheet = css::minify(&css::bundle(&style.join("main.css"))?);
    let mut files = Files::from([(PathBuf::from("pkg/observerio.css"), sheet.into_bytes())]);
    for entry in fs::read_dir(style.join("assets")).context("cannot read style/assets")? {
        let path = entry?.path();
        let name = path.file_name().expect("an entry of a folder has a name");
        let place = match path.extension().and_then(|extension| extension.to_str()) {
            // beside the stylesheet, which refers to them
            Some("woff2") => Path::new("pkg").join(name),
            Some("svg") => PathBuf::from(name),
            // the fonts' licences stay in the repository
            _ => continue,
        };
        files.insert(place, fs::read(&path)?);
    }
    Ok(files)
}

fn fingerprint(flavour: Flavour, wasm: &[u8], others: &Files) -> String {
    let mut hash = Sha256::new();
    hash.update(RECIPE);
    hash.update([flavour as u8]);
    hash.update(wasm.len().to_le_bytes());
    hash.update(wasm);
    for (path, bytes) in others {
        hash.update(path.as_os_str().as_encoded_bytes());
        hash.update(bytes.len().to_le_bytes());
        hash.update(bytes);
    }
    setup::hex(hash)
}

/// What rustc made, turned into what a browser loads.
fn bindgen(wasm: Vec<u8>) -> Result<Files> {
    let output = shell::target_dir().join("bindgen");
    if output.exists() {
        fs::remove_dir_all(&output)?;
    }
    let mut bindgen = Bindgen::new();
    bindgen.input_bytes("observerio", wasm).out_name("observerio").typescript(false);
    bindgen.remove_name_section(true).remove_producers_section(true);
    bindgen.web(true).map_err(|error| anyhow!("{error:#}"))?;
    bindgen.generate(&output).map_err(|error| anyhow!("wasm-bindgen: {error:#}"))?;
    let mut files = Files::new();
    collect(&output, Path::new("pkg"), &mut files)?;
    Ok(files)
}

fn collect(folder: &Path, place: &Path, files: &mut Files) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let place = place.join(path.file_name().expect("an entry of a folder has a name"));
        if path.is_dir() {
            collect(&path, &place, files)?;
        } else {
            files.insert(place, fs::read(&path)?);
        }
    }
    Ok(())
}

/// Replaces files by their compressed forms. The server decompresses one for the rare client that accepts neither: the program
/// is smaller by the uncompressed WebAssembly.
fn compress_files(files: &mut Files) -> Result<()> {
    let (text, compressed): (Files, Files) = mem::take(files).into_iter().partition(|(path, _)| {
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        // fonts are compressed inside
        matches!(extension, "wasm" | "js" | "css" | "svg")
    });
    *files = compressed;
    for (path, bytes) in text {
        files.insert(with_suffix(&path, ".br"), compress::brotli(&bytes)?);
        files.insert(with_suffix(&path, ".gz"), compress::gzip(&bytes)?);
    }
    Ok(())
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Makes `site` hold exactly `files`. A compressed twin left over from another build would win over a
/// fresh file, so whatever is not ours goes.
fn write_site(site: &Path, files: &Files) -> Result<()> {
    let mut present = Files::new();
    if site.exists() {
        collect(site, Path::new(""), &mut present)?;
    }
    for stale in present.keys().filter(|path| !files.contains_key(*path)) {
        fs::remove_file(site.join(stale))?;
    }
    for (path, bytes) in files {
        if present.get(path) == Some(bytes) {
            continue;
        }
        let path = site.join(path);
        fs::create_dir_all(path.parent().expect("it lies in the site"))?;
        fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

fn report_sizes(files: &Files) {
    for (path, bytes) in files {
        println!("  {:>9} B  {}", bytes.len(), path.display());
    }
}
