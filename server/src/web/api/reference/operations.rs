//! One operation of the document: what it does, what it takes, what it answers, and how to try it.

use serde_json::Value as Json;

use super::{
    html::{Page, plain, rich},
    schema::{list, text, type_of},
};

/// Refusals that any operation may answer with are told once, at the top.
const TOLD_ONCE: [&str; 8] = ["400", "401", "403", "404", "413", "415", "429", "503"];

pub(super) struct Operation<'a> {
    method: String,
    path: &'a str,
    said: &'a Json,
}

/// Every operation, in the order of the document.
pub(super) fn all(document: &Json) -> impl Iterator<Item = Operation<'_>> {
    const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];
    let paths = document["paths"].as_object().into_iter().flatten();
    paths.flat_map(|(path, item)| {
        let known = METHODS.iter().filter_map(|method| Some((method.to_uppercase(), item.get(method)?)));
        known.map(|(method, said)| Operation { method, path, said })
    })
}

impl<'a> Operation<'a> {
    pub(super) fn tag(&self) -> &'a str {
        text(&self.said["tags"][0])
    }

    /// What its heading is known by.
    fn anchor(&self) -> String {
        let name = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
        format!("{}{}", self.method.to_lowercase(), self.path.chars().map(name).collect::<String>())
    }

    pub(super) fn write_link(&self, page: &mut Page) {
        let (anchor, summary) = (self.anchor(), plain(text(&self.said["summary"])));
        let (method, path) = (&self.method, plain(self.path));
        page.raw(&format!("<li><a href=\"#{anchor}\"><code>{method} {path}</code></a> {summary}</li>"));
    }

    pub(super) fn write(&self, page: &mut Page, document: &Json) {
        let (anchor, method, path) = (self.anchor(), &self.method, plain(self.path));
        page.raw(&format!("<article><h3 id=\"{anchor}\"><code>{method} {path}</code></h3>"));
        page.raw(&format!("<p><strong>{}.</strong> ", rich(text(&self.said["summary"]))));
        page.raw(&format!("{}</p>", rich(text(&self.said["description"]))));
        let parameters = list(&self.said["parameters"]).iter().map(parameter).chain(self.body());
        let parameters: Vec<_> = parameters.collect();
        if !parameters.is_empty() {
            page.table(&["Parameter", "Type", "Meaning"], parameters.into_iter());
        }
        page.table(&["Answer", "Type", "Meaning"], self.answers());
        page.raw(&format!("<pre>{}</pre></article>", plain(&self.curl(document))));
    }

    fn body(&self) -> Option<[String; 3]> {
        let schema = self.said["requestBody"]["content"]["application/json"].get("schema")?;
        Some(["the body".to_owned(), type_of(schema), "JSON".to_owned()])
    }

    fn answers(&self) -> impl Iterator<Item = [String; 3]> + 'a {
        let all = self.said["responses"].as_object().into_iter().flatten();
        all.filter(|(status, _)| !TOLD_ONCE.contains(&status.as_str())).map(|(status, answer)| {
            let content = answer["content"].as_object().into_iter().flatten();
            let types = content.map(|(media_type, content)| match media_type.as_str() {
                "application/json" => type_of(&content["schema"]),
                other => format!("<code>{}</code>", plain(other)),
            });
            let types: Vec<_> = types.collect();
            let headers = answer["headers"].as_object().into_iter().flatten();
            let headers = headers.map(|(name, header)| {
                format!(" <code>{}</code>: {}", plain(name), rich(text(&header["description"])))
            });
            let meaning = rich(text(&answer["description"])) + &headers.collect::<String>();
            [plain(status).to_string(), types.join(" or "), meaning]
        })
    }

    /// How to ask it from a shell.
    fn curl(&self, document: &Json) -> String {
        let mut path = self.path.to_owned();
        let (mut query, mut headers) = (Vec::new(), Vec::new());
        for parameter in list(&self.said["parameters"]) {
            let (name, example) = (text(&parameter["name"]), example_of(parameter));
            match (text(&parameter["in"]), example) {
                ("path", example) => {
                    path = path.replace(&format!("{{{name}}}"), &example.unwrap_or_default());
                }
                ("query", Some(example)) => query.push(format!(" \\\n  --data-urlencode '{name}={example}'")),
                ("header", Some(example)) => headers.push(format!(" \\\n  -H '{name}: {example}'")),
                _ => {}
            }
        }
        let method = match self.method.as_str() {
            "GET" if query.is_empty() => String::new(),
            "GET" => "-G ".to_owned(),
            method => format!("-X {method} "),
        };
        let mut line = format!("curl {method}\"$OBSERVERIO{path}\"");
        if !list(&self.said["security"]).is_empty() {
            line += " \\\n  -H \"Authorization: Bearer $TOKEN\"";
        }
        line.extend(headers);
        line.extend(query);
        if let Some(body) = self.example_body(document) {
            line += &format!(" \\\n  -H 'Content-Type: application/json' \\\n  --data '{body}'");
        }
        line
    }

    fn example_body(&self, document: &Json) -> Option<String> {
        let schema = &self.said["requestBody"]["content"]["application/json"]["schema"];
        let choices = list(&schema["oneOf"]).iter().chain([schema]);
        let target = choices.filter_map(|choice| choice["$ref"].as_str()).next()?;
        let schema = document.pointer(target.strip_prefix('#')?)?;
        let example = schema.get("example").or_else(|| schema["examples"].get(0))?;
        Some(example.to_string())
    }
}

fn parameter(parameter: &Json) -> [String; 3] {
    let (name, place) = (plain(text(&parameter["name"])), text(&parameter["in"]));
    let place = match place {
        "path" => "path",
        "header" => "header",
        _ => "query",
    };
    let meaning = rich(text(&parameter["description"]));
    [format!("<code>{name}</code>, {place}"), type_of(&parameter["schema"]), meaning]
}

fn example_of(parameter: &Json) -> Option<String> {
    match parameter.get("example").or_else(|| parameter["schema"].get("example"))? {
        Json::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}
