//! The API reference for people: one page, generated from the OpenAPI document, without scripts or external resources.

mod html;
mod operations;
mod schema;

use std::sync::OnceLock;

use axum::{
    http::{HeaderValue, header},
    response::{Html, IntoResponse},
};
use serde_json::Value as Json;

use self::{
    html::{Page, plain, rich},
    schema::{list, text, type_of},
};
use super::v1::document;

/// The page has no scripts or forms: only its own style sheet, font and icon.
const POLICY: &str = "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'";

/// `GET /docs/api`: the same for everyone.
pub(in crate::web) async fn reference() -> impl IntoResponse {
    static PAGE: OnceLock<String> = OnceLock::new();
    let page = PAGE.get_or_init(|| {
        let document = serde_json::to_value(document()).expect("the document is plain data");
        write(&document)
    });
    let headers = [
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    (headers, Html(page.as_str()))
}

fn write(document: &Json) -> String {
    let mut page = Page::default();
    head(&mut page);
    page.raw("<main id=\"main\" class=\"page reference\">");
    introduction(&mut page, document);
    for tag in list(&document["tags"]) {
        let name = text(&tag["name"]);
        page.raw(&format!("<section><h2 id=\"{}\">{}</h2>", plain(name), plain(text(&tag["description"]))));
        for operation in operations::all(document).filter(|operation| operation.tag() == name) {
            operation.write(&mut page, document);
        }
        page.raw("</section>");
    }
    schemas(&mut page, document);
    page.raw("</main></body></html>");
    page.into_text()
}

fn head(page: &mut Page) {
    let styles = concat!("/pkg/", env!("OBSERVERIO_SITE_HASH"), "/observerio.css");
    page.raw(&format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"dark light\"><title>HTTP API – observerio</title>\
         <link rel=\"stylesheet\" href=\"{styles}\">\
         <link rel=\"icon\" type=\"image/svg+xml\" href=\"/favicon.svg\"></head><body>\
         <a class=\"skip\" href=\"#main\">Skip to content</a>\
         <header class=\"topbar\"><a class=\"logo\" href=\"/\" aria-label=\"observerio, all projects\">\
         <img class=\"logo-sign\" src=\"/favicon.svg\" width=\"20\" height=\"20\" alt=\"\">\
         <span class=\"logo-word\">observerio</span></a></header>"
    ));
}

fn introduction(page: &mut Page, document: &Json) {
    page.raw("<h1>HTTP API</h1>");
    page.raw(&format!("<p>{}</p>", rich(text(&document["info"]["description"]))));
    page.raw(
        "<p>Create a token in the dashboard, then set the server's address and the token:</p>\
         <pre>export OBSERVERIO=http://127.0.0.1:8080\nexport TOKEN=obs_…</pre>\
         <p>Bodies are JSON of at most 65,536 bytes. Times are RFC 3339 in UTC. Lists are paginated: while \
         <code>next</code> is not <code>null</code>, pass it as <code>cursor</code> to get the next page. Errors are \
         <code>{\"code\": …, \"message\": …}</code>; the code is stable, the message says what to do. With \
         <code>Retry-After</code>, you may repeat the request after that many seconds.</p>\
         <p>For tools, the same is available as <a href=\"/api/v1/openapi.json\">OpenAPI</a>.</p>",
    );
    page.raw("<nav aria-label=\"Operations\"><ul class=\"reference-index\">");
    for operation in operations::all(document) {
        operation.write_link(page);
    }
    page.raw("</ul></nav>");
}

fn schemas(page: &mut Page, document: &Json) {
    page.raw("<section><h2 id=\"types\">Types</h2>");
    let schemas = document["components"]["schemas"].as_object();
    for (name, schema) in schemas.into_iter().flatten() {
        page.raw(&format!("<article><h3 id=\"type-{0}\">{0}</h3>", plain(name)));
        page.raw(&format!("<p>{}</p>", rich(text(&schema["description"]))));
        if let Some(fields) = schema["properties"].as_object() {
            let required = list(&schema["required"]);
            page.table(
                &["Field", "Type", "Meaning"],
                fields.iter().map(|(name, field)| {
                    let is_required = required.iter().any(|required| required == name);
                    let optional = if is_required { "" } else { ", may be missing" };
                    let meaning = text(&field["description"]);
                    [format!("<code>{}</code>", plain(name)), type_of(field) + optional, rich(meaning)]
                }),
            );
        } else {
            page.raw(&format!("<p>{}</p>", type_of(schema)));
        }
        page.raw("</article>");
    }
    page.raw("</section>");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page() -> String {
        write(&serde_json::to_value(document()).unwrap())
    }

    #[test]
    fn every_operation_and_every_link_is_on_the_page() {
        let page = page();
        for (method, path) in super::super::operations() {
            assert!(page.contains(&format!("<code>{method} {path}</code></h3>")), "{method} {path}");
        }
        for part in page.split("href=\"#").skip(1) {
            let target = part.split('"').next().unwrap();
            assert_eq!(page.matches(&format!("id=\"{target}\"")).count(), 1, "{target}");
        }
    }

    #[test]
    fn the_page_needs_nothing_that_its_policy_forbids() {
        let page = page();
        for forbidden in ["<script", "<style", "style=", " on", "<iframe", "http-equiv"] {
            let found = page.match_indices(forbidden).find(|(at, _)| is_in_a_tag(&page, *at));
            assert_eq!(found, None, "{forbidden}");
        }
    }

    fn is_in_a_tag(page: &str, at: usize) -> bool {
        page[at..].starts_with('<') || page[..at].rfind('<') > page[..at].rfind('>')
    }
}
