//! A connection that can be disturbed: it passes bytes immediately, slowly or not at all, or is cut.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Pass,
    /// Each piece is delayed by this time.
    Delay(Duration),
    /// No bytes pass, and neither side gets an error: a half-open connection.
    Stall,
    /// New connections are closed at once.
    Cut,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Wire {
    mode: Mode,
    /// Connections of an earlier generation are dead.
    generation: u64,
}

/// Listens on a separate port in front of `target`.
pub struct Proxy {
    pub port: u16,
    wire: watch::Sender<Wire>,
}

impl Proxy {
    pub async fn start(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (wire, seen) = watch::channel(Wire { mode: Mode::Pass, generation: 0 });
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let seen = seen.clone();
                tokio::spawn(async move { connect(client, target, seen).await });
            }
        });
        Self { port, wire }
    }

    pub fn set(&self, mode: Mode) {
        self.wire.send_modify(|wire| wire.mode = mode);
    }

    /// Cuts every connection once. New connections pass.
    pub fn reset_all(&self) {
        self.wire.send_modify(|wire| wire.generation += 1);
    }

    /// Returns to normal. Bytes in a half-open connection are lost, as after a router's restart.
    pub fn heal(&self) {
        self.wire.send_modify(|wire| {
            wire.generation += u64::from(wire.mode == Mode::Stall);
            wire.mode = Mode::Pass;
        });
    }
}

async fn connect(mut client: TcpStream, target: SocketAddr, mut wire: watch::Receiver<Wire>) {
    let generation = wire.borrow_and_update().generation;
    if !passes(&mut wire, generation).await {
        return;
    }
    let Ok(mut server) = TcpStream::connect(target).await else { return };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let (from_client, to_client) = client.split();
    let (from_server, to_server) = server.split();
    tokio::select! {
        () = pump(from_client, to_server, wire.clone(), generation) => {}
        () = pump(from_server, to_client, wire, generation) => {}
    }
}

/// Waits while the connection hangs. Returns false if it is cut.
async fn passes(wire: &mut watch::Receiver<Wire>, generation: u64) -> bool {
    loop {
        let now = *wire.borrow_and_update();
        if now.generation != generation || now.mode == Mode::Cut {
            return false;
        }
        if now.mode != Mode::Stall {
            return true;
        }
        if wire.changed().await.is_err() {
            return false;
        }
    }
}

async fn pump(
    mut from: impl AsyncReadExt + Unpin,
    mut to: impl AsyncWriteExt + Unpin,
    mut wire: watch::Receiver<Wire>,
    generation: u64,
) {
    let mut buffer = vec![0; 16 * 1024];
    while passes(&mut wire, generation).await {
        let n = tokio::select! {
            changed = wire.changed() => match changed {
                Ok(()) => continue,
                Err(_) => return,
            },
            n = from.read(&mut buffer) => match n {
                Ok(n @ 1..) => n,
                Ok(0) | Err(_) => return,
            },
        };
        let mode = wire.borrow().mode;
        if let Mode::Delay(delay) = mode {
            tokio::time::sleep(delay).await;
        }
        if !passes(&mut wire, generation).await || to.write_all(&buffer[..n]).await.is_err() {
            return;
        }
    }
}
