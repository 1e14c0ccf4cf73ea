//! The document as a page to read: no script, nothing from elsewhere.

use std::fmt::Write;

use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use serde_json::Value;
use sha2::{Digest, Sha256};

const STYLE: &str = include_str!("page.css");

/// `GET /api/docs`.
pub(super) async fn show() -> Response {
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        BASE64.encode(Sha256::digest(STYLE)),
    );
    let headers = [(CONTENT_TYPE, "text/html; charset=utf-8".to_owned()), (CONTENT_SECURITY_POLICY, policy)];
    (headers, render(&super::openapi())).into_response()
}

/// The page for a document of ours.
fn render(document: &Value) -> String {
    let mut page = format!(
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width\">\
         <title>AI Tutor API</title><style>{STYLE}</style><main><h1>AI Tutor API</h1><p>{}</p>\
         <p>As a document for machines: <a href=/api/v1/openapi.json>openapi.json</a></p>",
        text(&document["info"]["description"]),
    );
    for (path, methods) in fields(&document["paths"]) {
        for (method, operation) in fields(methods) {
            render_operation(&mut page, method, path, operation);
        }
    }
    page.push_str("<h2>Shapes</h2>");
    for (name, schema) in fields(&document["components"]["schemas"]) {
        push(&mut page, format_args!("<details id=\"{0}\"><summary><code>{0}</code></summary>", escape(name)));
        render_json(&mut page, schema);
        page.push_str("</details>");
    }
    page.push_str("</main></html>");
    page
}

fn render_operation(page: &mut String, method: &str, path: &str, operation: &Value) {
    push(
        page,
        format_args!(
            "<details><summary><b class={0}>{0}</b> <code>{1}</code> {2}</summary>",
            escape(method),
            escape(path),
            text(&operation["summary"]),
        ),
    );
    for paragraph in operation["description"].as_str().unwrap_or_default().split("\n\n") {
        push(page, format_args!("<p>{}</p>", escape(paragraph)));
    }
    if let Some(parameters) = operation["parameters"].as_array() {
        page.push_str("<h3>Parameters</h3><dl>");
        for parameter in parameters {
            push(
                page,
                format_args!(
                    "<dt><code>{}</code> <small>{}</small><dd>{}",
                    text(&parameter["name"]),
                    text(&parameter["in"]),
                    text(&parameter["description"]),
                ),
            );
        }
        page.push_str("</dl>");
    }
    let body = &operation["requestBody"]["content"]["application/json"];
    if body.is_object() {
        push(page, format_args!("<h3>Body {}</h3>", link(&body["schema"])));
        render_json(page, &body["example"]);
    }
    page.push_str("<h3>Answers</h3><dl>");
    for (status, response) in fields(&operation["responses"]) {
        push(page, format_args!("<dt><code>{}</code> ", escape(status)));
        for (_, content) in fields(&response["content"]) {
            page.push_str(&link(&content["schema"]));
        }
        push(page, format_args!("<dd>{}", text(&response["description"])));
    }
    page.push_str("</dl></details>");
}

fn render_json(page: &mut String, value: &Value) {
    push(page, format_args!("<pre>{}</pre>", escape(&format!("{value:#}"))));
}

/// A link to the named shape, where the schema is one.
fn link(schema: &Value) -> String {
    let name = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()).map(escape);
    name.map_or_else(String::new, |name| format!("<a href=\"#{name}\">{name}</a>"))
}

fn fields(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn text(value: &Value) -> String {
    escape(value.as_str().unwrap_or_default())
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn push(page: &mut String, arguments: std::fmt::Arguments<'_>) {
    page.write_fmt(arguments).expect("writing to a string cannot fail");
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_page_shows_every_operation_and_loads_nothing() {
        let document = crate::api::openapi();
        let page = render(&document);
        for (path, _) in fields(&document["paths"]) {
            assert!(page.contains(&escape(path)), "{path}");
        }
        for loader in ["<script", "<link", "<img", "src=", "@import", "url("] {
            assert!(!page.contains(loader), "{loader}");
        }
    }

    #[test]
    fn what_the_document_says_is_never_markup() {
        let page = render(&json!({ "info": { "description": "<b>\"&" }, "paths": {}, "components": {} }));
        assert!(page.contains("&lt;b&gt;&quot;&amp;"));
    }
}
