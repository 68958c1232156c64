//! Every form of the Data Mapper: its keys, what they hold, what it means.
//!
//! The reader, the JSON Schema, the reference page and the suggestions all read this table.

use tympan_expr::Expression;
use tympan_expr::Makes;

use crate::config::Reader;
use crate::config::fields::Fields;
use crate::config::keys::Holds;
use crate::config::keys::Key;
use crate::config::keys::Literal;
use crate::config::keys::Section;
use crate::config::keys::key;
use crate::config::keys::required;
use crate::config::mapper;
use crate::config::mapper::Within;

/// A form: a map whose only key is the form's name.
#[derive(Debug)]
pub struct Form {
    /// Its name in backticks, what it means, and its keys; without keys, the form holds a value
    /// directly.
    pub section: Section,
    /// How it is used; each is a test.
    pub examples: &'static [Example],
    /// What it makes of what it holds.
    pub(super) read: Read,
}

/// How a form is used.
#[derive(Debug)]
pub struct Example {
    /// A value as it is written in YAML.
    pub written: &'static str,
    /// A request body, as JSON.
    pub body: &'static str,
    /// What the value is then, as JSON.
    pub result: &'static str,
}

/// What a form makes of what it holds.
#[derive(Debug)]
pub(super) enum Read {
    /// Of its keys.
    Keys(fn(&mut Reader<'_>, Within, &mut Fields) -> Option<Expression>),
    /// Of the value that it holds.
    Value(fn(Expression) -> Expression),
}

impl Form {
    /// As written.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.section.name.trim_matches('`')
    }

    /// Whether what stands under one of its keys sees names that only the form brings along: a loop
    /// does for what it makes of each item, and others where they are told to.
    pub(crate) fn brings_names(&self, key: &str, is_written: impl Fn(&str) -> bool) -> bool {
        if self.section.keys.iter().any(|it| it.name == ITEMS.name) {
            return !matches!(key, "items" | "desc");
        }
        let names = ["args", "context"].into_iter().find(|names| is_written(names));
        names.is_some_and(|names| key != names)
    }

    /// The form called `name`.
    pub(crate) fn find(name: &str) -> Option<&'static Self> {
        FORMS.iter().find(|form| form.name() == name)
    }
}

/// `context` of a loop.
pub static CONTEXT: Section = Section {
    name: "`context` of a loop",
    doc: "Other names for what a loop brings along, so that an outer loop's stay visible.",
    one_of: false,
    keys: &[
        key("item", Holds::Literal(Literal::Text), "The item, instead of `item`.", "item: user"),
        key("loop", Holds::Literal(Literal::Text), "The counter, instead of `loop`.", "loop: each"),
    ],
};

const ITEMS: Key = required(key(
    "items",
    Holds::Mapping,
    "A list; of a map, its values in order. For anything else the whole is null.",
    "items: parsed_body.users",
));

const LOOP: Key = key(
    "context",
    Holds::Section(&CONTEXT),
    "Other names for `item` and `loop`.",
    "context: {item: user}",
);

/// All of them, in the order of the reference page.
pub static FORMS: &[Form] = &[
    Form {
        section: Section {
            name: "`EVAL()`",
            doc: "An expression that sees more names.",
            one_of: false,
            keys: &[
                required(key(
                    "expression",
                    Holds::Expression,
                    "What is computed.",
                    "expression: x + y",
                )),
                key(
                    "args",
                    Holds::Mappings,
                    "The names, with their values. They come before names of the same spelling, and \
                     do not see each other.",
                    "args: {x: parsed_body.count, y: 2}",
                ),
            ],
        },
        examples: &[Example {
            written: "{EVAL(): {expression: x + y + z, args: {x: 3, y: $INTEGER(count)}}}",
            body: r#"{"count": "4", "z": 5}"#,
            result: "12",
        }],
        read: Read::Keys(mapper::eval),
    },
    Form {
        section: Section {
            name: "`FLATTEN()`",
            doc: "A list in which the items of lists stand in their lists' place; one level.",
            one_of: false,
            keys: &[],
        },
        examples: &[Example {
            written: "{FLATTEN(): [a, [b, [a]], list]}",
            body: r#"{"a": 1, "b": 2, "list": [3, 4]}"#,
            result: "[1, 2, [1], 3, 4]",
        }],
        read: Read::Value(Expression::flatten),
    },
    Form {
        section: Section {
            name: "`MERGE()`",
            doc: "One map of a list of maps. Of a key that stands in several, the last counts; what \
                  is no map is left out.",
            one_of: false,
            keys: &[],
        },
        examples: &[Example {
            written: "{MERGE(): [order, {state: '\"new\"', id: $TEXT(order.id)}, missing]}",
            body: r#"{"order": {"id": 7, "total": 3}}"#,
            result: r#"{"id": "7", "total": 3, "state": "new"}"#,
        }],
        read: Read::Value(Expression::merge),
    },
    Form {
        section: Section {
            name: "`MAP()`",
            doc: "A list of what is made of every item.",
            one_of: false,
            keys: &[
                ITEMS,
                required(key(
                    "converter",
                    Holds::Mapping,
                    "What is made of an item. Of a map, `item.key` and `item.value` are the parts of \
                     the entry, unless the item has fields of these names.",
                    "converter: {id: item.id, number: loop.index1}",
                )),
                LOOP,
            ],
        },
        examples: &[
            Example {
                written: "{MAP(): {items: users, converter: {id: item.id, of: loop.length}}}",
                body: r#"{"users": [{"id": 1, "x": 2}, {"id": 3}]}"#,
                result: r#"[{"id": 1, "of": 2}, {"id": 3, "of": 2}]"#,
            },
            Example {
                written: "{MAP(): {items: ages, converter: [loop.key, item, item.key, item.value]}}",
                body: r#"{"ages": {"ann": 1}}"#,
                result: r#"[["ann", 1, "ann", 1]]"#,
            },
            Example {
                written: "{MAP(): {items: rows, context: {item: row}, converter: {MAP(): {items: \
                          row, context: {loop: column}, converter: '[row[0], item, column.index0]'}}}}",
                body: r#"{"rows": [["a", "b"]]}"#,
                result: r#"[[["a", "a", 0], ["a", "b", 1]]]"#,
            },
        ],
        read: Read::Keys(|reader, within, fields| {
            mapper::each(reader, within, fields, Makes::Mapped, "converter")
        }),
    },
    Form {
        section: Section {
            name: "`SORT()`",
            doc: "The items in an order. Texts compare by code point, lists element by element; \
                  items of equal keys stay as they were.",
            one_of: false,
            keys: &[
                ITEMS,
                required(key(
                    "key",
                    Holds::Mapping,
                    "What is compared.",
                    "key: [item.name, item.id]",
                )),
                key("desc", Holds::Mapping, "Whether the greatest comes first.", "desc: true"),
                LOOP,
            ],
        },
        examples: &[Example {
            written: "{SORT(): {items: list, key: [item.n, loop.index0], desc: true}}",
            body: r#"{"list": [{"n": 1, "x": "a"}, {"n": 2}, {"n": 1, "x": "b"}]}"#,
            result: r#"[{"n": 2}, {"n": 1, "x": "b"}, {"n": 1, "x": "a"}]"#,
        }],
        read: Read::Keys(|reader, within, fields| {
            mapper::each(reader, within, fields, Makes::Sorted, "key")
        }),
    },
    Form {
        section: Section {
            name: "`COALESCE()`",
            doc: "The first item for which the condition holds, or null. For those behind it no \
                  condition is computed.",
            one_of: false,
            keys: &[
                ITEMS,
                key(
                    "condition",
                    Holds::Mapping,
                    "What has to be truthy. Without it, the item itself.",
                    "condition: item != ''",
                ),
                LOOP,
            ],
        },
        examples: &[Example {
            written: "{COALESCE(): {items: [nick, name, '\"nobody\"']}}",
            body: r#"{"nick": "", "name": "Ann"}"#,
            result: r#""Ann""#,
        }],
        read: Read::Keys(|reader, within, fields| {
            mapper::each(reader, within, fields, Makes::First, "condition")
        }),
    },
    Form {
        section: Section {
            name: "`FILTER()`",
            doc: "The items for which the condition holds, as a list.",
            one_of: false,
            keys: &[
                ITEMS,
                key(
                    "condition",
                    Holds::Mapping,
                    "What has to be truthy. Without it, the item itself.",
                    "condition: item.age >= 18",
                ),
                LOOP,
            ],
        },
        examples: &[Example {
            written: "{FILTER(): {items: people, condition: item.age >= 18}}",
            body: r#"{"people": {"ann": {"age": 28}, "bob": {"age": 17}}}"#,
            result: r#"[{"age": 28}]"#,
        }],
        read: Read::Keys(|reader, within, fields| {
            mapper::each(reader, within, fields, Makes::Filtered, "condition")
        }),
    },
    Form {
        section: Section {
            name: "`CONDITIONAL()`",
            doc: "One of two values. Null stands for one that is left out.",
            one_of: false,
            keys: &[
                required(key("condition", Holds::Mapping, "What decides.", "condition: total > 9")),
                key("on_pass", Holds::Mapping, "The value if it is truthy.", "on_pass: '\"high\"'"),
                key("on_fail", Holds::Mapping, "The value if it is not.", "on_fail: '\"low\"'"),
                key(
                    "context",
                    Holds::Mappings,
                    "Names for all three, with their values, as `args` of `EVAL()`.",
                    "context: {total: parsed_body.order.total}",
                ),
            ],
        },
        examples: &[Example {
            written: "{CONDITIONAL(): {condition: sum > 9, on_pass: [sum], on_fail: '\"low\"', \
                      context: {sum: a + b}}}",
            body: r#"{"a": 4, "b": 6}"#,
            result: "[10]",
        }],
        read: Read::Keys(mapper::conditional),
    },
    Form {
        section: Section {
            name: "`LOOKUP()`",
            doc: "The value under a key of a map that is written out here.",
            one_of: false,
            keys: &[
                required(key(
                    "key",
                    Holds::Mapping,
                    "Which one; a number or true or false is looked for as it is written.",
                    "key: parsed_body.state",
                )),
                required(key(
                    "mapping",
                    Holds::Mappings,
                    "The values; only the one that is chosen is computed.",
                    "mapping: {'1': '\"new\"', '7': '\"closed\"'}",
                )),
                key(
                    "default",
                    Holds::Mapping,
                    "The value for every other key. Without it, null.",
                    "default: '\"unknown\"'",
                ),
            ],
        },
        examples: &[Example {
            written: "{LOOKUP(): {key: state, mapping: {1: '\"new\"', 2: {by: name}}, default: state}}",
            body: r#"{"state": 2, "name": "Ann"}"#,
            result: r#"{"by": "Ann"}"#,
        }],
        read: Read::Keys(mapper::lookup),
    },
    Form {
        section: Section {
            name: "`CONCAT()`",
            doc: "The items as one text, as `$CONCAT` joins them: one that is null makes the whole \
                  null.",
            one_of: false,
            keys: &[
                required(key("items", Holds::Mapping, "A list.", "items: [a, b]")),
                key(
                    "separator",
                    Holds::Literal(Literal::Text),
                    "What stands between two items, as it stands: no expression, and no quotes of \
                     its own.",
                    "separator: ' | '",
                ),
            ],
        },
        examples: &[Example {
            written: "{CONCAT(): {items: [id, '\"of\"', total], separator: ' '}}",
            body: r#"{"id": 1, "total": 2.5}"#,
            result: r#""1 of 2.5""#,
        }],
        read: Read::Keys(mapper::concat),
    },
    Form {
        section: Section {
            name: "`RENDER()`",
            doc: "A text with values in it, as a Mustache template writes them.",
            one_of: false,
            keys: &[
                required(key(
                    "template",
                    Holds::Literal(Literal::Text),
                    "The template: no expression, and no quotes of its own.",
                    "template: 'Order {{ id }} is {{ order.state }}'",
                )),
                key(
                    "args",
                    Holds::Mappings,
                    "Names for the template, with their values, as `args` of `EVAL()`. The other \
                     names of the place can be read as well.",
                    "args: {id: $TEXT(order.id)}",
                ),
            ],
        },
        examples: &[
            Example {
                written: "{RENDER(): {template: '{{ who }}: {{ order.lines.0 }}{{ none }}', args: \
                          {who: $UPPERCASE(name)}}}",
                body: r#"{"name": "ann", "order": {"lines": ["<tea>", "milk"]}}"#,
                result: r#""ANN: <tea>""#,
            },
            Example {
                written: "{RENDER(): {template: '{{#lines}}{{ n }} {{ name }}, {{/lines}}{{^lines}}nothing\
                          {{/lines}}'}}",
                body: r#"{"name": "tea", "lines": [{"n": 1}, {"n": 2, "name": "milk"}]}"#,
                result: r#""1 tea, 2 milk, ""#,
            },
        ],
        read: Read::Keys(mapper::render),
    },
    Form {
        section: Section {
            name: "`STRIP_HTML()`",
            doc: "The text of HTML: tags, comments, scripts and styles are left out, character \
                  references are read, and where a block begins or ends there is a line break. Null \
                  for anything but a text.",
            one_of: false,
            keys: &[],
        },
        examples: &[Example {
            written: "{STRIP_HTML(): text}",
            body: r#"{"text": "<p>Fish &amp; <b>chips</b></p><ul><li>hot<li>cold</ul>"}"#,
            result: r#""Fish & chips\nhot\ncold""#,
        }],
        read: Read::Value(Expression::strip_html),
    },
];
