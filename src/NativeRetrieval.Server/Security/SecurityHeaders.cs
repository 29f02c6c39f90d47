using Microsoft.AspNetCore.Http;

namespace NativeRetrieval.Server.Security;

/// <summary>Headers of every answer: scripts and styles of the service's own alone, no frame around it, no guessing of types.</summary>
internal static class SecurityHeaders
{
    /// <summary>Content security policy of the page; what is no page loads nothing anyway.</summary>
    public const string Policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
        + "media-src 'self' blob:; connect-src 'self'; font-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; "
        + "form-action 'none'; frame-ancestors 'none'";

    public static void Set(IHeaderDictionary headers)
    {
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(self)";
        if (headers.CacheControl.Count == 0) headers.CacheControl = "no-store";
    }
}
