//! Two tenants: passwords, certificates and tokens of one, tried on the other's database and API; and the NetworkPolicies,
//! judged for each pair of pods. Where the cluster does not enforce them, the network is wide open and everything but it has to
//! keep the tenants apart; where it does, connections between pods must go as judged.

use anyhow::{Context, Result, ensure};
use reqwest::StatusCode;

use crate::{database, kubectl, network_policy::NetworkPolicies, release, report, tenant::Tenant, traffic};

/// Names of the Secrets with passwords of database users that connect over the network.
const USERS: [&str; 4] = ["owner", "runtime", "replication", "rewind"];

pub async fn run() -> Result<()> {
    // Services of the same name, so that only the namespace tells them apart.
    let tenants = [
        Tenant::create("isolation-a").await?,
        Tenant::create("isolation-b").await?,
    ];
    for tenant in &tenants {
        tenant.apply_small_service("clinic", "").await?;
        tenant.assign("reporting", "FhirDataReader", "clinic").await?;
    }
    for tenant in &tenants {
        tenant
            .wait_ready(&["fhirservice/clinic", "roleassignment/reporting-clinic"])
            .await?;
    }
    for tenant in &tenants {
        traffic::start_stranger(tenant, "clinic").await?;
    }
    let client = database::members(&tenants[1], "clinic").await?;
    let policed = traffic::is_policed(&tenants[0], client.first().context("no database")?).await?;
    for (own, other) in [(&tenants[0], &tenants[1]), (&tenants[1], &tenants[0])] {
        passwords(own, other, policed).await?;
        certificates(own, other).await?;
        tokens(own, other).await?;
    }
    network_policies(&tenants, policed).await
}

/// Every user's password at the own database, where it must work, and at the other one, where it must not.
async fn passwords(own: &Tenant, other: &Tenant, policed: bool) -> Result<()> {
    let refusal = match policed {
        true => "timeout expired",
        false => "password authentication failed",
    };
    for user in USERS {
        let secret = format!("clinic-db-{user}");
        let password = secret_entry(own, &secret, "password").await?;
        let name = secret_entry(own, &secret, "username").await?;
        let database = match user {
            "owner" | "runtime" => "fhir",
            _ => "postgres",
        };
        // Over a replication connection the password is all that is asked for.
        let replication = if user == "replication" {
            "replication=true"
        } else {
            ""
        };
        for (target, works) in [(own, true), (other, false)] {
            let connection = format!(
                "host=clinic-db-primary.{}.svc user={name} dbname={database} {replication} sslmode=require connect_timeout=5",
                target.namespace
            );
            let sql = if user == "replication" {
                "IDENTIFY_SYSTEM"
            } else {
                "SELECT 1"
            };
            let answer = psql(own, &format!("PGPASSWORD='{password}'"), &connection, sql).await;
            match (works, answer) {
                (true, Ok(_)) => {}
                (true, Err(error)) => return Err(error.context(format!("{user} at its own database"))),
                (false, Ok(_)) => anyhow::bail!("{user} of {} opens the other's database", own.namespace),
                (false, Err(error)) => ensure!(
                    format!("{error:#}").contains(refusal),
                    "{user} is refused for another reason: {error:#}"
                ),
            }
        }
    }
    report::seen(format!(
        "passwords of {}: none opens the other's database",
        own.namespace
    ));
    Ok(())
}

/// The own certificates in place of a password, without encryption, and as an authority for the other's database.
async fn certificates(own: &Tenant, other: &Tenant) -> Result<()> {
    let host = format!("clinic-db-primary.{}.svc", other.namespace);
    let files = "sslcert=/etc/brazier/tls/tls.crt sslkey=/tmp/other.key";
    // libpq takes a key only if nobody else may read it.
    let prepare = "install -m 600 /etc/brazier/tls/tls.key /tmp/other.key;";
    for (user, database) in [
        ("fhir_runtime", "fhir"),
        ("fhir_owner", "fhir"),
        ("postgres", "postgres"),
    ] {
        for mode in ["sslmode=require", "sslmode=disable"] {
            let connection =
                format!("host={host} user={user} dbname={database} {mode} {files} connect_timeout=5");
            let answer = psql(own, prepare, &connection, "SELECT 1").await;
            ensure!(
                answer.is_err(),
                "the certificate of {} opens the other's database",
                own.namespace
            );
        }
    }
    // The server of one tenant shown to the port at which the other's servers take policies.
    let script = "install -m 600 /etc/brazier/tls/tls.key /tmp/other.key; exec python3 - \"$0\"";
    let policy = r#"
import ssl, sys, urllib.request
context = ssl.create_default_context(cafile="/etc/brazier/tls/ca.crt")
context.check_hostname = False
context.load_cert_chain("/etc/brazier/tls/tls.crt", "/tmp/other.key")
request = urllib.request.Request(f"https://{sys.argv[1]}:8444/access", data=b"{}", method="PUT")
try:
    print("answered", urllib.request.urlopen(request, context=context, timeout=5).status)
except urllib.error.HTTPError as error:
    print("refused", error.code)
except (OSError, ssl.SSLError) as error:
    print("refused", error)
"#;
    for pod in other
        .list(&["pods", "--selector=app.kubernetes.io/component=server"])
        .await?
    {
        let address = pod["status"]["podIP"]
            .as_str()
            .context("a server has no address")?;
        let arguments = [
            "exec",
            "--namespace",
            &own.namespace,
            "--stdin",
            "clinic-db-0",
            "--container=postgresql",
            "--",
            "sh",
            "-c",
            script,
            address,
        ];
        let answer = kubectl::run_with_input(&arguments, policy).await?;
        ensure!(
            answer.starts_with("refused"),
            "policies can be pushed with a tenant's certificate: {answer}"
        );
    }
    report::seen(format!(
        "certificates of {}: none opens the other's database or policy port",
        own.namespace
    ));
    Ok(())
}

/// The own token at the other's API, and at the own one, where it must work.
async fn tokens(own: &Tenant, other: &Tenant) -> Result<()> {
    let token = own.token("reporting", &own.url("clinic")).await?;
    let answer = own.client("clinic", Some(&token)).await?.get("Patient").await?;
    answer.must_be(StatusCode::OK)?;
    let answer = other.client("clinic", Some(&token)).await?.get("Patient").await?;
    answer.must_be(StatusCode::UNAUTHORIZED)?;
    // Even made for the other's URL: it is not the other's service account.
    let token = own.token("reporting", &other.url("clinic")).await?;
    let answer = other.client("clinic", Some(&token)).await?.get("Patient").await?;
    answer.must_be(StatusCode::FORBIDDEN)?;
    report::seen(format!("tokens of {}: none opens the other's API", own.namespace));
    Ok(())
}

/// Who may connect to whom: as the policies are judged, and as connections go if they are enforced.
async fn network_policies(tenants: &[Tenant; 2], policed: bool) -> Result<()> {
    let policies = NetworkPolicies::read().await?;
    let (mut judged, mut tried) = (0, 0);
    for (own, other) in [(0, 1), (1, 0), (0, 0)] {
        let mut pairs = Vec::new();
        let clients = tenants[own]
            .list(&["pods", "--field-selector=status.phase=Running"])
            .await?;
        for database in database::members(&tenants[other], "clinic").await? {
            for client in &clients {
                let component = client["metadata"]["labels"]["app.kubernetes.io/component"].as_str();
                let may = own == other && component.is_some();
                pairs.push((client.clone(), database.clone(), 5432, may));
            }
        }
        for server in tenants[other]
            .list(&["pods", "--selector=app.kubernetes.io/component=server"])
            .await?
        {
            for client in &clients {
                pairs.push((client.clone(), server.clone(), 8443, true));
                // Only the operator may push policies.
                pairs.push((client.clone(), server.clone(), 8444, false));
            }
            let selector = "--selector=app.kubernetes.io/name=brazier-operator";
            for operator in kubectl::list(&["pods", "--namespace", release::NAMESPACE, selector]).await? {
                pairs.push((operator, server.clone(), 8444, true));
            }
        }
        for (client, pod, port, may) in pairs {
            let which = format!(
                "{} to {}:{port}",
                client["metadata"]["name"], pod["metadata"]["name"]
            );
            ensure!(
                policies.allow(&client, &pod, port) == may,
                "the policies are wrong about {which}"
            );
            judged += 1;
            if policed && traffic::can_try(&client) {
                let connects = traffic::connects(&client, &pod, port).await?;
                ensure!(connects == may, "the network is wrong about {which}");
                tried += 1;
            }
        }
    }
    report::seen(format!(
        "NetworkPolicies: {judged} pairs of pods judged, the other's database is out of reach"
    ));
    report::seen(match policed {
        true => format!("this cluster enforces them: {tried} connections went as judged"),
        false => "this cluster does not enforce them, the network was wide open for all this".to_owned(),
    });
    Ok(())
}

/// Runs psql in the tenant's own database pod: a place from which the network reaches everything.
async fn psql(tenant: &Tenant, before: &str, connection: &str, sql: &str) -> Result<String> {
    let separator = if before.ends_with(';') || before.is_empty() {
        ""
    } else {
        " "
    };
    let script = format!("{before}{separator}psql \"{connection}\" -XAtwc \"{sql}\"");
    tenant
        .kubectl(&[
            "exec",
            "clinic-db-0",
            "--container=postgresql",
            "--",
            "sh",
            "-c",
            &script,
        ])
        .await
}

async fn secret_entry(tenant: &Tenant, secret: &str, key: &str) -> Result<String> {
    let template = format!("--output=go-template={{{{index .data \"{key}\" | base64decode}}}}");
    tenant.kubectl(&["get", "secret", secret, &template]).await
}
