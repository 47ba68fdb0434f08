//! The `warmhand` program. Refuses with one sentence and a status that is not 0.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    let (mut out, mut err) = (std::io::stdout(), std::io::stderr());
    warmhand_server::cli::run(std::env::args_os(), &mut out, &mut err).await
}
