//! A host that takes every event as fast as it comes, and says how many it has.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use tokio::io::AsyncBufReadExt;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::io::BufReader;
use tokio::net::TcpListener;
use tokio::net::TcpStream;

/// Serves until nobody wants it any more. `GET` asks for the number.
pub(crate) async fn serve() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("{}", listener.local_addr().unwrap());
    let count = Arc::new(AtomicU64::new(0));
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let count = Arc::clone(&count);
        // Whoever goes away is no fault.
        tokio::spawn(async move { connection(stream, &count).await.ok() });
    }
}

async fn connection(mut stream: TcpStream, count: &AtomicU64) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let (read, mut write) = stream.split();
    let mut read = BufReader::new(read);
    let (mut line, mut body) = (String::new(), Vec::new());
    loop {
        let (mut is_question, mut length) = (false, 0);
        loop {
            line.clear();
            if read.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            let line = line.trim_end();
            is_question |= line.starts_with("GET ");
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().unwrap();
            }
            if line.is_empty() {
                break;
            }
        }
        body.resize(length, 0);
        read.read_exact(&mut body).await?;
        if is_question {
            let told = count.load(Ordering::Relaxed).to_string();
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", told.len());
            write.write_all((head + &told).as_bytes()).await?;
        } else {
            count.fetch_add(1, Ordering::Relaxed);
            write.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await?;
        }
    }
}
