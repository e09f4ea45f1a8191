//! Gives the site's files a hash, which is part of their address, so that browsers may keep them for ever.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

fn main() -> io::Result<()> {
    let site = PathBuf::from("../target/site");
    // without a built site the server still compiles; its pages then have neither style nor script
    fs::create_dir_all(site.join("pkg"))?;
    println!("cargo:rerun-if-changed={}", site.display());
    println!("cargo:rerun-if-changed=build.rs");

    let mut hash = Sha256::new();
    add(&mut hash, &site)?;
    let digest: String = hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    println!("cargo:rustc-env=OBSERVERIO_SITE_HASH={digest}");
    Ok(())
}

fn add(hash: &mut Sha256, folder: &Path) -> io::Result<()> {
    let mut paths = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    for path in paths {
        if path.is_dir() {
            add(hash, &path)?;
        } else {
            hash.update(path.to_string_lossy().as_bytes());
            hash.update(fs::read(&path)?);
        }
    }
    Ok(())
}
