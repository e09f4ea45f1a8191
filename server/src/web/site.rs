//! The site's files, which are inside the program: scripts, wasm, styles, fonts, icon.

use std::borrow::Cow;

use axum::{
    body::Bytes,
    extract::Path,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use rust_embed::{EmbeddedFile, RustEmbed};

use super::readers::Inside;

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../target/site"]
struct Site;

const HASH: &str = env!("OBSERVERIO_SITE_HASH");

/// `GET /pkg/{hash}/{file}`: never changes, because the hash would.
pub(super) async fn package(Path((hash, file)): Path<(String, String)>, headers: HeaderMap) -> Response {
    // a name, not a path: in development the files are read from a folder
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
    let mut response = match fresh {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => shared(file.data).into_response(),
    };
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

/// What is inside the program is not copied: however many read it, however slowly, it is there once.
fn shared(data: Cow<'static, [u8]>) -> Bytes {
    match data {
        Cow::Borrowed(data) => Bytes::from_static(data),
        Cow::Owned(data) => data.into(),
    }
}

/// The twin that was compressed when the program was built, if the browser takes it.
fn smallest(path: &str, headers: &HeaderMap) -> Option<(EmbeddedFile, Option<&'static str>)> {
    let accepted =
        headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let twin = [("br", "br"), ("gzip", "gz")].into_iter().find_map(|(encoding, extension)| {
        accepts(accepted, encoding)
            .then(|| Site::get(&format!("{path}.{extension}")))?
            .map(|f| (f, Some(encoding)))
    });
    twin.or_else(|| Site::get(path).map(|file| (file, None)))
}

/// `br;q=0` means: not that one.
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
