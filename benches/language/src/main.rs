//! What expressions cost beside what is written by hand: one header, a filter over a body, a mapping
//! of a body; time and allocations, with the reading of the body.
//!
//! `cargo run --release -p tympan-bench-language`; the head of each module says what it stands for.

mod body;
mod hand;
mod jmes;
mod tympan;
mod typed;

use divan::AllocProfiler;
use divan::Bencher;
use http::HeaderMap;
use http::HeaderValue;

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

const SIZES: [usize; 2] = [1024, 10 * 1024];

/// The value of every header.
const VALUE: &str = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

fn main() {
    for size in SIZES {
        let body = body::github(size);
        assert_eq!(body.len(), size);
        // Who does something else is not compared.
        let filters = [
            tympan::Filter::new().run(&body),
            jmes::Filter::new().run(&body),
            hand::filter(&body),
            typed::filter(&body),
        ];
        assert_eq!(filters, [true; 4]);
        let mapped = tympan::Mapping::new().run(&body);
        assert_eq!(mapped, jmes::Mapping::new().run(&body));
        assert_eq!(mapped, hand::mapping(&body));
        assert_eq!(mapped, typed::mapping(&body));
    }
    divan::main();
}

fn headers() -> HeaderMap {
    let mut headers = HeaderMap::new();
    for name in ["host", "content-type", "content-length", "x-event", "x-signature", "x-delivery"] {
        headers.insert(name, HeaderValue::from_static(VALUE));
    }
    headers
}

#[divan::bench_group(name = "a_header")]
mod header {
    use super::Bencher;
    use super::HeaderMap;
    use super::headers;
    use super::tympan;

    #[divan::bench(sample_size = 1000)]
    fn tympan(bencher: Bencher<'_, '_>) {
        let (header, headers) = (tympan::Header::new(), headers());
        bencher.bench_local(|| header.run(divan::black_box(&headers)));
    }

    #[divan::bench(sample_size = 1000)]
    fn hand(bencher: Bencher<'_, '_>) {
        let headers = headers();
        let read = |headers: &HeaderMap| {
            headers.get("x-signature").and_then(|value| value.to_str().ok()).map(str::len)
        };
        bencher.bench_local(|| read(divan::black_box(&headers)));
    }
}

#[divan::bench_group(name = "b_filter")]
mod filter {
    use super::Bencher;
    use super::SIZES;
    use super::body;
    use super::hand;
    use super::jmes;
    use super::tympan;
    use super::typed;

    #[divan::bench(args = SIZES, sample_size = 100)]
    fn tympan(bencher: Bencher<'_, '_>, size: usize) {
        let (filter, body) = (tympan::Filter::new(), body::github(size));
        bencher.bench_local(|| filter.run(divan::black_box(&body)));
    }

    #[divan::bench(args = SIZES, sample_size = 100)]
    fn jmespath(bencher: Bencher<'_, '_>, size: usize) {
        let (filter, body) = (jmes::Filter::new(), body::github(size));
        bencher.bench_local(|| filter.run(divan::black_box(&body)));
    }

    #[divan::bench(args = SIZES, sample_size = 100)]
    fn hand(bencher: Bencher<'_, '_>, size: usize) {
        let body = body::github(size);
        bencher.bench_local(|| hand::filter(divan::black_box(&body)));
    }

    #[divan::bench(args = SIZES, sample_size = 100)]
    fn typed(bencher: Bencher<'_, '_>, size: usize) {
        let body = body::github(size);
        bencher.bench_local(|| typed::filter(divan::black_box(&body)));
    }
}

#[divan::bench_group(name = "c_mapping")]
mod mapping {
    use super::Bencher;
    use super::SIZES;
    use super::body;
    use super::hand;
    use super::jmes;
    use super::tympan;
    use super::typed;

    #[divan::bench(args = SIZES, sample_size = 100)]
    fn tympan(bencher: Bencher<'_, '_>, size: usize) {
        let (mapping, body) = (tympan::Mapping::new(), body::github(size));
        bencher.bench_local(|| mapping.run(divan::black_box(&body)));
    }

    #[divan::bench(args = SIZES, sample_size = 100)]
    fn jmespath(bencher: Bencher<'_, '_>, size: usize) {
        let (mapping, body) = (jmes::Mapping::new(), body::github(size));
        bencher.bench_local(|| mapping.run(divan::black_box(&body)));
    }

    #[divan::bench(args = SIZES, sample_size = 100)]
    fn hand(bencher: Bencher<'_, '_>, size: usize) {
        let body = body::github(size);
        bencher.bench_local(|| hand::mapping(divan::black_box(&body)));
    }

    #[divan::bench(args = SIZES, sample_size = 100)]
    fn typed(bencher: Bencher<'_, '_>, size: usize) {
        let body = body::github(size);
        bencher.bench_local(|| typed::mapping(divan::black_box(&body)));
    }
}
