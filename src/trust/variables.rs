//! The variables by which programs are told whom to trust: one list for shells and for pods.

/// These name a file that takes the place of a program's own authorities, so it has to hold everybody's.
pub const BUNDLES: [&str; 7] = [
    "SSL_CERT_FILE",                    // OpenSSL, Go, Ruby, curl; Python's ssl, httpx
    "REQUESTS_CA_BUNDLE",               // Python's requests
    "CURL_CA_BUNDLE",                   // curl
    "AWS_CA_BUNDLE",                    // boto3, the AWS CLI
    "PIP_CERT",                         // pip
    "GIT_SSL_CAINFO",                   // git
    "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH", // gRPC
];

/// These name a file that is added to them: Node's and Deno's.
pub const ADDED: [&str; 2] = ["NODE_EXTRA_CA_CERTS", "DENO_CERT"];

/// Who is reached without a proxy: this machine.
pub const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "::1"];
