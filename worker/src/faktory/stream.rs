//! A stream, with or without TLS, that the Faktory crate cannot hurt itself with.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use rustls_platform_verifier::BuilderVerifierExt;
use tokio::io::{AsyncRead, AsyncWrite, BufStream, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, Error as TlsError};

use super::Address;

/// Faktory answers a command at once and a fetch within two seconds. If it is silent for longer, its host has
/// disappeared without closing the connection.
const SILENCE_MAX: Duration = Duration::from_secs(15);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const BUFFER: usize = 64 * 1024;

/// Never fails to write: the crate panics where its farewell cannot be written while a connection is dropped. A write
/// that went nowhere shows itself at the next read, by an error or by silence, which is bounded.
#[derive(Debug)]
pub(super) struct Stream {
    wire: Box<dyn Wire>,
    silence: Option<Pin<Box<Sleep>>>,
}

/// TCP, or TLS over it.
trait Wire: AsyncRead + AsyncWrite + Send + Sync + Unpin + std::fmt::Debug {}

impl<T: AsyncRead + AsyncWrite + Send + Sync + Unpin + std::fmt::Debug> Wire for T {}

pub(super) async fn connect(address: &Address) -> io::Result<BufStream<Stream>> {
    let connecting = tokio::time::timeout(CONNECT_TIMEOUT, open(address));
    let wire = connecting.await.map_err(|_| io::ErrorKind::TimedOut)??;
    Ok(BufStream::with_capacity(BUFFER, BUFFER, Stream { wire, silence: None }))
}

async fn open(address: &Address) -> io::Result<Box<dyn Wire>> {
    let tcp = TcpStream::connect((&address.host[..], address.port)).await?;
    // Without this a batch waits 40 ms for an acknowledgement of its first packet.
    tcp.set_nodelay(true)?;
    if !address.has_tls {
        return Ok(Box::new(tcp));
    }
    let name = ServerName::try_from(address.host.clone()).map_err(io::Error::other)?;
    let connector = TlsConnector::from(trust().map_err(io::Error::other)?);
    Ok(Box::new(connector.connect(name, tcp).await?))
}

/// Trusts what the operating system trusts, and `SSL_CERT_FILE`, as our HTTP client does.
fn trust() -> Result<Arc<ClientConfig>, TlsError> {
    static CONFIG: OnceLock<Arc<ClientConfig>> = OnceLock::new();
    if let Some(config) = CONFIG.get() {
        return Ok(config.clone());
    }
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_platform_verifier()?
        .with_no_client_auth();
    Ok(CONFIG.get_or_init(|| Arc::new(config)).clone())
}

impl AsyncRead for Stream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.wire).poll_read(cx, buf);
        if read.is_ready() {
            self.silence = None;
            return read;
        }
        let silence =
            self.silence.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(Instant::now() + SILENCE_MAX)));
        ready!(silence.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.wire).poll_write(cx, buf));
        Poll::Ready(Ok(written.ok().filter(|n| *n > 0).unwrap_or(buf.len())))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let _ = ready!(Pin::new(&mut self.wire).poll_flush(cx));
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let _ = ready!(Pin::new(&mut self.wire).poll_shutdown(cx));
        Poll::Ready(Ok(()))
    }
}

impl faktory::Reconnect for Stream {
    /// We make a new connection instead: after a fault nothing of the old one is to be trusted.
    fn reconnect<'a, 'b>(
        &'a mut self,
    ) -> Pin<Box<dyn Future<Output = io::Result<Box<dyn faktory::Connection>>> + Send + 'b>>
    where
        'a: 'b,
        Self: 'b,
    {
        Box::pin(async { Err(io::ErrorKind::Unsupported.into()) })
    }
}
