//! The site's files, which are part of the program: scripts, wasm, styles, fonts, icon.

use std::{
    borrow::Cow,
    collections::HashMap,
    io::Read as _,
    sync::{Mutex, PoisonError},
};

use axum::{
    body::Bytes,
    extract::Path,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use flate2::read::GzDecoder;
use rust_embed::RustEmbed;

use super::readers::Inside;

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../target/site"]
struct Site;

const HASH: &str = env!("OBSERVERIO_SITE_HASH");

/// `GET /pkg/{hash}/{file}`: immutable, because the hash changes with the content.
pub(super) async fn package(Path((hash, file)): Path<(String, String)>, headers: HeaderMap) -> Response {
    // a name, not a path: in development, files are read from a directory
    if hash != HASH || file.contains(['/', '\\', '\0']) {
        return StatusCode::NOT_FOUND.into_response();
    }
    serve(&format!("pkg/{file}"), &headers, "public, max-age=31536000, immutable")
}

/// `GET /favicon.svg`.
pub(super) async fn icon(headers: HeaderMap) -> Response {
    serve("favicon.svg", &headers, "public, max-age=3600")
}

fn serve(path: &str, headers: &HeaderMap, cache: &'static str) -> Response {
    let Some((file, encoding)) = smallest(path, headers) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let etag = format!("\"{HASH}{}\"", encoding.unwrap_or_default());
    let fresh = headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == etag.as_bytes());
    let mut response = if fresh { StatusCode::NOT_MODIFIED.into_response() } else { file.into_response() };
    response.extensions_mut().insert(Inside);
    let answer = response.headers_mut();
    answer.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(path)));
    answer.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    answer.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    answer.insert(header::ETAG, HeaderValue::from_str(&etag).expect("a hash is hexadecimal"));
    if let Some(encoding) = encoding {
        answer.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    response
}

/// A body without a copy: it exists once, however many clients read it and however slowly.
fn shared(data: Cow<'static, [u8]>) -> Bytes {
    match data {
        Cow::Borrowed(data) => Bytes::from_static(data),
        Cow::Owned(data) => data.into(),
    }
}

/// The file in the smallest form that the client accepts. A release build holds compressed forms only.
fn smallest(path: &str, headers: &HeaderMap) -> Option<(Bytes, Option<&'static str>)> {
    let accepted =
        headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let compressed = [("br", "br"), ("gzip", "gz")].into_iter().find_map(|(encoding, extension)| {
        accepts(accepted, encoding)
            .then(|| file(&format!("{path}.{extension}")))?
            .map(|file| (file, Some(encoding)))
    });
    compressed.or_else(|| Some((file(path).or_else(|| decompressed(path))?, None)))
}

fn file(path: &str) -> Option<Bytes> {
    Site::get(path).map(|file| shared(file.data))
}

/// Few clients accept no encoding at all; each file is decompressed once for all of them.
fn decompressed(path: &str) -> Option<Bytes> {
    static FILES: Mutex<Option<HashMap<String, Bytes>>> = Mutex::new(None);
    let mut files = FILES.lock().unwrap_or_else(PoisonError::into_inner);
    let files = files.get_or_insert_default();
    if let Some(file) = files.get(path) {
        return Some(file.clone());
    }
    let mut plain = Vec::new();
    GzDecoder::new(&file(&format!("{path}.gz"))?[..]).read_to_end(&mut plain).ok()?;
    let plain = Bytes::from(plain);
    files.insert(path.to_owned(), plain.clone());
    Some(plain)
}

/// `br;q=0` means that it is not accepted.
fn accepts(header: &str, encoding: &str) -> bool {
    header.split(',').any(|item| {
        let mut parts = item.split(';').map(str::trim);
        let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(encoding));
        named && !parts.any(|p| p.strip_prefix("q=").is_some_and(|q| q.parse() == Ok(0.0)))
    })
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "wasm" => "application/wasm",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_the_program_is_there_once() {
        static FILE: [u8; 4] = *b"wasm";
        assert_eq!(shared(Cow::Borrowed(&FILE[..])).as_ptr(), FILE.as_ptr());
    }

    #[test]
    fn encodings_are_negotiated() {
        assert!(accepts("gzip, deflate, br", "br"));
        assert!(accepts("gzip;q=0.5, br;q=1.0", "gzip"));
        assert!(!accepts("br;q=0, gzip", "br"));
        assert!(!accepts("br;q=0.0", "br"));
        assert!(!accepts("brotli", "br"));
        assert!(!accepts("", "gzip"));
    }
}
