//! What can be done with digests, which are bytes.

use md5::Md5;
use sha1::Sha1;
use sha2::Digest;
use sha2::Sha256;
use sha2::Sha384;
use sha2::Sha512;

use crate::bounds::Exhausted;
use crate::functions::Call;
use crate::functions::Function;
use crate::functions::Kind;
use crate::functions::Parameter;
use crate::functions::Run;
use crate::functions::extension;
use crate::functions::required;
use crate::types::Types;
use crate::value::Bytes;
use crate::value::Value;

/// Bytes that are digested for the price of one step.
const BYTES_PER_STEP: usize = 256;

const DATA: Parameter = required("data", Kind::Data);

pub(super) static FUNCTIONS: &[Function] = &[
    row(
        "$CRC32",
        "The checksum CRC-32 of Ethernet and ZIP files, as four bytes, the highest first.",
        &[(r#""123456789".$CRC32().$HEX_ENCODE()"#, r#""cbf43926""#)],
        |call| of(call, |bytes| crc32fast::hash(bytes).to_be_bytes().to_vec()),
    ),
    row(
        "$MD5",
        "The digest MD5, as 16 bytes: for those who still send it. It proves nothing.",
        &[(r#""abc".$MD5().$HEX_ENCODE()"#, r#""900150983cd24fb0d6963f7d28e17f72""#)],
        |call| of(call, digest::<Md5>),
    ),
    row(
        "$SHA1",
        "The digest SHA-1, as 20 bytes.",
        &[(r#""abc".$SHA1().$HEX_ENCODE()"#, r#""a9993e364706816aba3e25717850c26c9cd0d89d""#)],
        |call| of(call, digest::<Sha1>),
    ),
    row(
        "$SHA256",
        "The digest SHA-256, as 32 bytes. A digest without a secret proves nothing: `signature` \
         does.",
        &[
            (
                r#""abc".$SHA256().$HEX_ENCODE()"#,
                r#""ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad""#,
            ),
            (
                r#""abc".$SHA256().$BASE64_ENCODE()"#,
                r#""ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=""#,
            ),
            ("$SHA256(null)", "null"),
        ],
        |call| of(call, digest::<Sha256>),
    ),
    row(
        "$SHA384",
        "The digest SHA-384, as 48 bytes.",
        &[(r#""abc".$SHA384().$HEX_ENCODE()[:16]"#, r#""cb00753f45a35e8b""#)],
        |call| of(call, digest::<Sha384>),
    ),
    row(
        "$SHA512",
        "The digest SHA-512, as 64 bytes.",
        &[(r#""abc".$SHA512().$HEX_ENCODE()[:16]"#, r#""ddaf35a193617aba""#)],
        |call| of(call, digest::<Sha512>),
    ),
];

const fn row(
    name: &'static str,
    doc: &'static str,
    examples: &'static [(&'static str, &'static str)],
    call: Run,
) -> Function {
    extension(name, &[DATA], Types::BYTES, doc, examples, call)
}

fn of<'a>(
    call: &mut Call<'a, '_, '_>,
    digest: fn(&[u8]) -> Vec<u8>,
) -> Result<Value<'a>, Exhausted> {
    let data = call.value(0);
    let bytes = data.as_bytes().unwrap_or_default();
    call.step(bytes.len() / BYTES_PER_STEP)?;
    Ok(Value::Bytes(Bytes::from(digest(bytes))))
}

fn digest<D: Digest>(bytes: &[u8]) -> Vec<u8> {
    D::digest(bytes).to_vec()
}
