//! The text of HTML, read by the tokenizer of the HTML standard.

use html5gum::DefaultEmitter;
use html5gum::Token;
use html5gum::Tokenizer;

/// Elements that hold no text for readers.
const HIDDEN: [&str; 3] = ["script", "style", "title"];

/// What stands between two texts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Gap {
    None,
    Blank,
    Line,
}

/// What a reader of `html` sees: without tags, with character references as characters, and with a
/// line break where a block begins or ends.
pub(crate) fn to_text(html: &str) -> String {
    let mut plain = String::new();
    let mut gap = Gap::None;
    let mut is_hidden = false;
    let mut emitter = DefaultEmitter::<()>::default();
    // What stands in a script is no markup.
    emitter.naively_switch_states(true);
    for token in Tokenizer::new_with_emitter(html, emitter) {
        match token {
            Ok(Token::String(text)) if !is_hidden => {
                let text = String::from_utf8_lossy(&text);
                // Blanks next to a gap only lay out the source.
                let text = if gap == Gap::None { &*text } else { text.trim_start() };
                if text.is_empty() {
                    continue;
                }
                match std::mem::replace(&mut gap, Gap::None) {
                    Gap::None => {}
                    _ if plain.is_empty() => {}
                    Gap::Blank => plain.push(' '),
                    Gap::Line => plain.push('\n'),
                }
                plain.push_str(text);
            }
            Ok(Token::StartTag(tag)) => {
                let name = str::from_utf8(&tag.name).unwrap_or_default();
                is_hidden = HIDDEN.contains(&name) && !tag.self_closing;
                gap = gap.max(Gap::around(name));
                if name == "br" {
                    plain.push('\n');
                }
            }
            Ok(Token::EndTag(tag)) => {
                is_hidden = false;
                gap = gap.max(Gap::around(str::from_utf8(&tag.name).unwrap_or_default()));
            }
            _ => {}
        }
    }
    plain.truncate(plain.trim_end().len());
    plain
}

impl Gap {
    /// Before and behind an element.
    fn around(element: &str) -> Self {
        match element {
            "address" | "article" | "aside" | "blockquote" | "body" | "caption" | "dd"
            | "details" | "dialog" | "div" | "dl" | "dt" | "fieldset" | "figcaption" | "figure"
            | "footer" | "form" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "header" | "hr"
            | "html" | "li" | "main" | "nav" | "ol" | "option" | "p" | "pre" | "section"
            | "summary" | "table" | "tr" | "ul" => Self::Line,
            "td" | "th" => Self::Blank,
            _ => Self::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::to_text;

    #[test]
    fn what_a_reader_sees() {
        for (html, text) in [
            ("", ""),
            ("a < b & c", "a < b & c"),
            ("<b>a</b>b", "ab"),
            ("two\nlines", "two\nlines"),
            ("<p>a</p><p>b</p>", "a\nb"),
            ("<p>a</p>\n\n  <p>b</p>\n", "a\nb"),
            ("a<ul><li>b<li>c</ul>d", "a\nb\nc\nd"),
            ("a<br>b<br/><br>c", "a\nb\n\nc"),
            ("<tr><td>a</td><td>b</td></tr><tr><td>c</td></tr>", "a b\nc"),
            ("&lt;b&gt; &amp;amp; &eacute;&#x263a;&#9786; &unknown;", "<b> &amp; é☺☺ &unknown;"),
            ("a<script>alert('<p>')</script>b<style>p{}</style>c", "abc"),
            ("<title>t</title><p>a", "a"),
            ("a<!-- <p>b</p> -->c", "ac"),
            ("<a href='>'>x</a>", "x"),
            ("<p", ""),
            ("&#0;&#xd800;&#99999999;", "\u{fffd}\u{fffd}\u{fffd}"),
            ("<script>never closed <p>", ""),
        ] {
            assert_eq!(to_text(html), text, "{html}");
        }
    }
}
