//! Metrics as monitors read them: the text format 0.0.4 of Prometheus, and `OpenMetrics` 1.0.0.
//!
//! They differ in where a suffix of a name belongs, and in the end of the page
//! (<https://prometheus.io/docs/instrumenting/exposition_formats/>).

use std::fmt::Display;
use std::fmt::Write;

/// How a page is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// Read by every monitor there is.
    Text,
    /// For whoever asks for it.
    OpenMetrics,
}

/// What a metric is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Counter,
    Gauge,
    Histogram,
    /// What does not change, as labels of a 1.
    Info,
}

/// The name and meaning of a metric.
#[derive(Debug)]
pub(super) struct Family {
    /// Without the suffix that its kind brings.
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) help: &'static str,
}

/// A page on the way to be written.
pub(super) struct Page {
    format: Format,
    text: String,
}

impl Format {
    pub(super) const fn media_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }

    /// The format that `Accept` headers want: the text unless the other one is wanted more.
    pub(super) fn negotiate<'a>(accept: impl Iterator<Item = &'a str>) -> Self {
        let (mut text, mut open) = (0.0, 0.0);
        for range in accept.flat_map(|value| value.split(',')) {
            let mut parts = range.split(';').map(str::trim);
            let media_type = parts.next().unwrap_or_default();
            let weight = parts.find_map(|part| part.strip_prefix("q=")?.parse().ok());
            let weight: f32 = weight.unwrap_or(1.0);
            if media_type.eq_ignore_ascii_case("application/openmetrics-text") {
                open = f32::max(open, weight);
            } else if ["text/plain", "text/*", "*/*"].contains(&media_type) {
                text = f32::max(text, weight);
            }
        }
        // Who names both alike, and in whatever order, understands the newer one.
        let wants_open = open > 0.0 && open >= text;
        if wants_open { Self::OpenMetrics } else { Self::Text }
    }
}

impl Kind {
    fn suffix(self) -> &'static str {
        match self {
            Self::Counter => "_total",
            Self::Info => "_info",
            Self::Gauge | Self::Histogram => "",
        }
    }
}

impl Page {
    pub(super) fn new(format: Format) -> Self {
        Self { format, text: String::new() }
    }

    /// Begins a metric: its values follow.
    pub(super) fn family(&mut self, family: &Family) {
        let Family { name, kind, help } = family;
        let (suffix, kind) = match (self.format, kind) {
            (Format::Text, Kind::Counter) => (kind.suffix(), "counter"),
            (Format::Text, Kind::Info) => (kind.suffix(), "gauge"),
            (Format::OpenMetrics, Kind::Counter) => ("", "counter"),
            (Format::OpenMetrics, Kind::Info) => ("", "info"),
            (_, Kind::Gauge) => ("", "gauge"),
            (_, Kind::Histogram) => ("", "histogram"),
        };
        self.line(format_args!("# HELP {name}{suffix} {help}"));
        self.line(format_args!("# TYPE {name}{suffix} {kind}"));
    }

    /// One value. Labels are names from the configuration and words of ours: nothing in them has
    /// to be escaped.
    pub(super) fn value(&mut self, family: &Family, labels: &[(&str, &str)], value: impl Display) {
        let suffix = family.kind.suffix();
        self.sample(family.name, suffix, labels, value);
    }

    /// A histogram: how many up to each bound, how many in all, and their sum.
    pub(super) fn histogram<'b>(
        &mut self,
        family: &Family,
        (label, of): (&str, &str),
        buckets: impl Iterator<Item = (&'b str, u64)>,
        count: u64,
        sum: impl Display,
    ) {
        for (bound, up_to) in buckets.chain([("+Inf", count)]) {
            self.sample(family.name, "_bucket", &[(label, of), ("le", bound)], up_to);
        }
        self.sample(family.name, "_sum", &[(label, of)], sum);
        self.sample(family.name, "_count", &[(label, of)], count);
    }

    /// The whole page.
    pub(super) fn end(mut self) -> String {
        if self.format == Format::OpenMetrics {
            self.line("# EOF");
        }
        self.text
    }

    fn sample(&mut self, name: &str, suffix: &str, labels: &[(&str, &str)], value: impl Display) {
        self.text.push_str(name);
        self.text.push_str(suffix);
        for (index, (label, text)) in labels.iter().enumerate() {
            self.text.push(if index == 0 { '{' } else { ',' });
            for part in [label, "=\"", text, "\""] {
                self.text.push_str(part);
            }
        }
        if !labels.is_empty() {
            self.text.push('}');
        }
        self.line(format_args!(" {value}"));
    }

    fn line(&mut self, line: impl Display) {
        // Writing into a string cannot fail.
        let _ = writeln!(self.text, "{line}");
    }
}

#[cfg(test)]
mod tests {
    use super::Family;
    use super::Format;
    use super::Kind;
    use super::Page;

    #[test]
    fn what_is_accepted() {
        let prometheus =
            "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;q=0.3,*/*;q=0.1";
        let openmetrics = "Application/OpenMetrics-Text; version=1.0.0";
        for (accept, expected) in [
            (&[][..], Format::Text),
            (&["*/*"], Format::Text),
            (&["text/html", "application/json"], Format::Text),
            (&[prometheus], Format::OpenMetrics),
            (&[openmetrics], Format::OpenMetrics),
            (&["text/plain, application/openmetrics-text"], Format::OpenMetrics),
            (&["text/plain", "application/openmetrics-text;q=0.9"], Format::Text),
            (&["application/openmetrics-text;q=0"], Format::Text),
        ] {
            assert_eq!(Format::negotiate(accept.iter().copied()), expected, "{accept:?}");
        }
    }

    #[test]
    fn both_formats() {
        let page = |format| {
            let mut page = Page::new(format);
            for (name, kind) in
                [("a", Kind::Counter), ("b", Kind::Info), ("c_seconds", Kind::Gauge)]
            {
                let family = Family { name, kind, help: "What it is" };
                page.family(&family);
                page.value(&family, &[("x", "1"), ("y", "")], 1.5);
            }
            let family = Family { name: "d", kind: Kind::Histogram, help: "What it is" };
            page.family(&family);
            page.histogram(&family, ("x", "1"), [("0.5", 1)].into_iter(), 2, 3.25);
            page.end()
        };
        let text = "\
# HELP a_total What it is
# TYPE a_total counter
a_total{x=\"1\",y=\"\"} 1.5
# HELP b_info What it is
# TYPE b_info gauge
b_info{x=\"1\",y=\"\"} 1.5
# HELP c_seconds What it is
# TYPE c_seconds gauge
c_seconds{x=\"1\",y=\"\"} 1.5
# HELP d What it is
# TYPE d histogram
d_bucket{x=\"1\",le=\"0.5\"} 1
d_bucket{x=\"1\",le=\"+Inf\"} 2
d_sum{x=\"1\"} 3.25
d_count{x=\"1\"} 2
";
        assert_eq!(page(Format::Text), text);
        let open = text
            .replace("P a_total", "P a")
            .replace("E a_total", "E a")
            .replace("P b_info", "P b")
            .replace("E b_info gauge", "E b info");
        assert_eq!(page(Format::OpenMetrics), format!("{open}# EOF\n"));
    }
}
