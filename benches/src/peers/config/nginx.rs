//! nginx's stream module: one process, no log, no session kept from one TLS connection to the next.

use std::fmt::Write;
use std::process::Command;

use eastwest::measure::keys::{Files, SERVER_NAME};

use super::{AES_128, Part, write};
use crate::bench::Bench;
use crate::hello::sni;
use crate::place::Place;
use crate::tools::Tool;

pub(super) fn gateway(
    bench: &Bench,
    buffer: u32,
    place: &Place,
    routes: usize,
) -> anyhow::Result<Command> {
    let mut map = String::new();
    for route in 0..routes {
        writeln!(map, "    {} {};", sni(route), place.backend)?;
    }
    // Hash tables of the size that it would ask for.
    let size = (routes * 2).next_power_of_two().max(2048);
    let stream = format!(
        "  map_hash_bucket_size 256;
  map_hash_max_size {size};
  map $ssl_preread_server_name $pod {{
{map}  }}
  server {{
    listen {};
    ssl_preread on;
    proxy_pass $pod;
  }}
",
        place.entry
    );
    command(bench, place, "gateway", buffer, &stream)
}

pub(super) fn tunnel(bench: &Bench, buffer: u32, place: &Place) -> anyhow::Result<Vec<Part>> {
    let (client, server) = (Files::of(&bench.keys.client), Files::of(&bench.keys.server));
    let near = format!(
        "  server {{
    listen {};
    proxy_pass {};
    proxy_ssl on;
    proxy_ssl_certificate {};
    proxy_ssl_certificate_key {};
    proxy_ssl_trusted_certificate {};
    proxy_ssl_verify on;
    proxy_ssl_verify_depth 3;
    proxy_ssl_name {SERVER_NAME};
    proxy_ssl_server_name on;
    proxy_ssl_session_reuse off;
    proxy_ssl_protocols TLSv1.3;
    proxy_ssl_conf_command Ciphersuites {AES_128};
  }}
",
        place.entry,
        place.far_end,
        client.chain.display(),
        client.key.display(),
        client.roots.display(),
    );
    let far = format!(
        "  server {{
    listen {} ssl;
    proxy_pass {};
    ssl_certificate {};
    ssl_certificate_key {};
    ssl_client_certificate {};
    ssl_verify_client on;
    ssl_verify_depth 3;
    ssl_protocols TLSv1.3;
    ssl_session_cache off;
    ssl_session_tickets off;
    ssl_conf_command Ciphersuites {AES_128};
    ssl_conf_command NumTickets 0;
  }}
",
        place.far_end,
        place.backend,
        server.chain.display(),
        server.key.display(),
        server.roots.display(),
    );
    Ok(Part::ends(
        command(bench, place, "client", buffer, &near)?,
        command(bench, place, "server", buffer, &far)?,
    ))
}

fn command(
    bench: &Bench,
    place: &Place,
    name: &str,
    buffer: u32,
    stream: &str,
) -> anyhow::Result<Command> {
    let module = bench
        .tools
        .file("usr/lib/nginx/modules/ngx_stream_module.so");
    let (dir, descriptors) = (place.dir.display(), bench.ground.descriptors);
    // Room for every descriptor is allocated at once.
    let connections = descriptors.min(40_000);
    let text = format!(
        "load_module {};
daemon off;
master_process off;
worker_processes 1;
worker_rlimit_nofile {descriptors};
pid {dir}/{name}.pid;
error_log {dir}/{name}.error error;
events {{
  worker_connections {connections};
}}
stream {{
  proxy_buffer_size {buffer}k;
  proxy_timeout 1h;
{stream}}}
",
        module.display()
    );
    let config = write(place, &format!("{name}.conf"), &text)?;
    let mut command = bench.tools.command(Tool::Nginx, &bench.ground)?;
    command.arg("-c").arg(config).arg("-p").arg(&place.dir);
    // Otherwise it would open the log of an installed one first.
    command
        .arg("-e")
        .arg(place.dir.join(format!("{name}.error")));
    Ok(command)
}
