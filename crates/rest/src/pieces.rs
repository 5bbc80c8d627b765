//! Bodies that leave piece by piece, each made when the one before has left.

use axum::body::Body;
use bytes::Bytes;
use futures_util::stream::{self, StreamExt};
use std::future::Future;
use yba_fhir::Outcome;

/// What is made piece by piece.
pub trait Flow: Send + Sized + 'static {
    /// The next piece; `None` after the last.
    fn next(&mut self) -> impl Future<Output = Result<Option<Bytes>, Outcome>> + Send;

    /// All of it as a body. The first piece is made before the answer begins, so that what is wrong can still be said;
    /// what goes wrong later breaks the answer off.
    fn into_body(mut self) -> impl Future<Output = Result<Body, Outcome>> + Send {
        async move {
            let first = self.next().await?;
            let rest = stream::unfold(Some(self), |flow| async {
                let mut flow = flow?;
                match flow.next().await {
                    Ok(Some(piece)) => Some((Ok(piece), Some(flow))),
                    Ok(None) => None,
                    Err(outcome) => Some((Err(std::io::Error::other(outcome.to_string())), None)),
                }
            });
            Ok(Body::from_stream(stream::iter(first.map(Ok)).chain(rest)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives what is there, piece by piece; then ends, or fails.
    struct Given(Vec<&'static str>, bool);

    impl Flow for Given {
        async fn next(&mut self) -> Result<Option<Bytes>, Outcome> {
            match (self.0.pop(), self.1) {
                (Some(piece), _) => Ok(Some(piece.into())),
                (None, false) => Ok(None),
                (None, true) => Err(Outcome::fault("nothing is left")),
            }
        }
    }

    async fn read(flow: Given) -> Result<Bytes, axum::Error> {
        axum::body::to_bytes(flow.into_body().await.unwrap(), 100).await
    }

    #[tokio::test]
    async fn pieces_come_in_order_and_what_goes_wrong_is_never_taken_for_the_end() {
        assert_eq!(read(Given(vec!["c", "b", "a"], false)).await.unwrap(), "abc");
        assert_eq!(read(Given(vec![], false)).await.unwrap(), "");
        assert!(read(Given(vec!["b", "a"], true)).await.is_err(), "too late to be said");
        assert!(Given(vec![], true).into_body().await.is_err(), "in time to be said");
    }
}
