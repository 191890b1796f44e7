//! A small WAGI app: HIPPOFACTS sends each of its routes here, and the route decides what is answered.

mod wagi;

use std::io;
use wagi::{answer, escape_html, parameter, read_file, variable};

const HTML: &str = "text/html; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";

fn main() -> io::Result<()> {
    match variable("X_MATCHED_ROUTE", "/").as_str() {
        "/hello/..." => hello(),
        "/static/..." => asset(),
        _ => home(),
    }
}

fn home() -> io::Result<()> {
    let content = r#"
<p>This page comes from a WebAssembly module. Every request runs it anew, from <code>src/main.rs</code>,
and it sees nothing but the request and its own files.</p>
<form action="/hello">
<input name="name" placeholder="Your name" aria-label="Your name">
<button>Say hello</button>
</form>
<p>The heading is the variable <code>GREETING</code> of the channel that you are looking at, the colours come
from <a href="/static/style.css">static/style.css</a> in the bindle.</p>"#;
    answer(200, HTML, page(&greeting(), content))
}

/// `/hello/World` and `/hello?name=World`
fn hello() -> io::Result<()> {
    let path = variable("PATH_INFO", "");
    let name = match path.strip_prefix('/') {
        Some(name) if !name.is_empty() => name.to_owned(),
        _ => parameter("name", "World"),
    };
    let heading = format!("{}, {name}!", greeting());
    let content = r#"<p><a href="/">Back</a></p>"#;
    answer(200, HTML, page(&heading, content))
}

fn asset() -> io::Result<()> {
    match read_file(&format!("static{}", variable("PATH_INFO", ""))) {
        Some(content) => answer(200, "text/css; charset=utf-8", content),
        None => answer(404, TEXT, "There is no such file in this bindle.\n"),
    }
}

fn greeting() -> String {
    variable("GREETING", "Hello")
}

fn page(heading: &str, content: &str) -> String {
    let title = escape_html(heading);
    format!(
        r#"<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="stylesheet" href="/static/style.css">
<h1>{title}</h1>
{content}
</html>
"#
    )
}

#[cfg(test)]
mod tests {
    use super::page;

    #[test]
    fn a_page_shows_its_heading_as_text() {
        assert!(page("Hello, <b>!", "").contains("<h1>Hello, &lt;b&gt;!</h1>"));
    }
}
