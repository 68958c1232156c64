//! What the page about the language takes from tables.

use std::fmt::Write;

use tympan_expr::Dialect;
use tympan_expr::functions;
use tympan_expr::functions::Function;
use tympan_expr::moveworks::ast::LEVELS;
use tympan_expr::moveworks::ast::NOT_LEVEL;

use super::mapper::mapper;
use crate::room::MOST_JSON;

/// What a generated part of the page stands between; its name follows the first.
const BEGIN: &str = "<!-- generated: ";
const BEGIN_END: &str = " -->\n";
const END: &str = "<!-- end of what is generated -->";

/// The page with every generated part as the tables have it now. What stands around them was
/// written by people, and stays.
#[must_use]
pub fn language(page: &str) -> String {
    let mut fresh = String::with_capacity(page.len());
    let mut rest = page;
    while let Some((before, after)) = rest.split_once(BEGIN) {
        let (name, after) = after.split_once(BEGIN_END).unwrap_or((after, ""));
        let (_, after) = after.split_once(END).unwrap_or(("", after));
        let part = part(name);
        let _ = write!(fresh, "{before}{BEGIN}{name}{BEGIN_END}\n{part}\n{END}");
        rest = after;
    }
    fresh + rest
}

fn part(name: &str) -> String {
    match name {
        "bounds" => bounds(),
        "forms" => mapper(),
        "functions" => functions(),
        "jmespath functions" => jmespath_functions(),
        "precedence" => precedence(),
        other => format!("There is no table called {other}."),
    }
}

fn precedence() -> String {
    let mut rows = vec!["`(a)`".to_owned(), "`a.b` `a[b]` `a[b:c]` `a.$F()`".to_owned()];
    rows.push("`-a`".to_owned());
    for (index, level) in LEVELS.iter().enumerate().rev() {
        let signs = level.iter().map(|(sign, _)| format!("`{sign}`"));
        rows.push(signs.collect::<Vec<_>>().join(" "));
        if index == NOT_LEVEL + 1 {
            rows.push("`NOT`".to_owned());
        }
    }
    rows.push("`IF` `THEN` `ELSE`".to_owned());
    let rows = rows.iter().enumerate().map(|(index, row)| format!("{}. {row}\n", index + 1));
    rows.collect()
}

fn functions() -> String {
    let mut page = String::new();
    for (title, group) in functions::groups() {
        let _ = writeln!(page, "### {title}\n");
        for function in group {
            entry(&mut page, Dialect::Moveworks, function);
        }
    }
    page.trim_end().to_owned() + "\n"
}

fn jmespath_functions() -> String {
    let mut page = String::new();
    for function in functions::standard() {
        entry(&mut page, Dialect::Jmespath, function);
    }
    let own = functions::all(Dialect::Jmespath).skip(functions::standard().len());
    let own = own.map(|function| format!("`{}`", function.signature(Dialect::Jmespath)));
    let own = own.collect::<Vec<_>>().join(", ");
    let _ = writeln!(page, "And those of the Moveworks DSL: {own}.");
    page
}

fn entry(page: &mut String, dialect: Dialect, function: &Function) {
    let mark = if function.extension { " (extension)" } else { "" };
    let signature = function.signature(dialect);
    let result = function.yields().names().collect::<Vec<_>>();
    let result = if result.len() > 6 { "anything".to_owned() } else { result.join(", ") };
    let _ = writeln!(page, "`{signature}`{mark}: {} Yields: {result}.\n", function.doc);
    let fence = match dialect {
        Dialect::Moveworks => "moveworks",
        Dialect::Jmespath => "jmespath",
    };
    let _ = writeln!(page, "```{fence}");
    for (text, value) in function.examples {
        let _ = writeln!(page, "{text} --> {value}");
    }
    let _ = writeln!(page, "```\n");
}

fn bounds() -> String {
    let rows = [
        ("bytes of an expression's text", tympan_expr::SOURCE_LENGTH, "an error (E114)"),
        ("brackets, lambdas and conditionals in each other", tympan_expr::DEPTH, "an error (E115)"),
        ("operators of a JMESPath expression", tympan_expr::OPERATORS, "an error (E116)"),
        ("steps of one evaluation", tympan_expr::STEPS, "`steps`"),
        ("bytes of text that one evaluation makes", tympan_expr::OUTPUT, "`output`"),
        ("levels of one evaluation", tympan_expr::EVALUATION_DEPTH, "`depth`"),
        (
            "bytes of JSON that a request's events, or its answer, are beside twice its body",
            MOST_JSON,
            "`output`",
        ),
    ];
    let mut page = "| what | at most | beyond |\n| --- | --- | --- |\n".to_owned();
    for (what, most, beyond) in rows {
        let _ = writeln!(page, "| {what} | {most} | {beyond} |");
    }
    page
}
