using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace NativeRetrieval.Server.Security;

/// <summary>Checks of who asks: key, host and origin.</summary>
internal static class RequestCheck
{
    const string Bearer = "Bearer ";

    /// <exception cref="Refusal">The asker may not: 401 or 403.</exception>
    public static void Require(HttpContext context, ServerOptions options, Access access)
    {
        var request = context.Request;
        bool isLocal = IsLocal(context.Connection);
        // A page of another site whose name was made to lead to this machine sends that name: without a key only names of this machine do.
        if (options.Key is null && isLocal && !IsNameOfThisMachine(request.Host.Host))
            throw Forbidden("the Host header names another machine; without a key this service answers localhost and 127.0.0.1 alone");
        if (!HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method)) RequireOrigin(request);
        if (access == Access.Open) return;
        if (options.Key is { } key)
        {
            if (!IsKey(request.Headers.Authorization.ToString(), key))
                throw new Refusal(StatusCodes.Status401Unauthorized, "this service takes a key, as 'Authorization: Bearer KEY'");
        }
        else if (!isLocal)
            throw new Refusal(StatusCodes.Status401Unauthorized,
                "this service has no key and answers only the machine that it runs on; give it a key to ask from elsewhere");
    }

    /// <summary>A form or script of another site may not have things done in a reader's name.</summary>
    static void RequireOrigin(HttpRequest request)
    {
        string origin = request.Headers.Origin.ToString();
        if (origin.Length > 0 && !string.Equals(origin, $"{request.Scheme}://{request.Host}", StringComparison.OrdinalIgnoreCase))
            throw Forbidden("the request comes from a page of another site; ask from the service's own page or from no page");
        if (request.Headers["Sec-Fetch-Site"].ToString() is "cross-site" or "same-site")
            throw Forbidden("the request comes from a page of another site; ask from the service's own page or from no page");
    }

    /// <summary>True for a connection from this machine, and for one without addresses, which is no network's.</summary>
    static bool IsLocal(ConnectionInfo connection) => connection.RemoteIpAddress is not { } address || IPAddress.IsLoopback(
        address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address);

    static bool IsNameOfThisMachine(string host) => host is "127.0.0.1" or "[::1]"
        || string.Equals(host, "localhost", StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// Compares in a time that does not depend on the characters: of both the hashes are compared, which have one length.
    /// </summary>
    static bool IsKey(string authorization, string key) =>
        authorization.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase)
        && CryptographicOperations.FixedTimeEquals(Hash(authorization[Bearer.Length..].Trim()), Hash(key));

    static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));

    static Refusal Forbidden(string detail) => new(StatusCodes.Status403Forbidden, detail);
}
