using System.Reflection;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;
using NativeRetrieval.Server.Security;

namespace NativeRetrieval.Server.Endpoints;

/// <summary>The search page: files that the build embedded. Everybody may read them; the page itself asks for the key.</summary>
internal static class PageEndpoints
{
    const string Root = "page/", Index = Root + "index.html";

    static readonly Assembly _assembly = typeof(PageEndpoints).Assembly;

    /// <summary>True where the build had what it takes to make the page; else <c>/</c> says how to.</summary>
    public static bool IsBuilt => _assembly.GetManifestResourceInfo(Root + "assets/app.js") is not null;

    /// <summary>Maps <c>/</c> and <c>/assets/…</c>.</summary>
    public static void Map(IEndpointRouteBuilder routes)
    {
        foreach (string name in _assembly.GetManifestResourceNames().Where(name => name.StartsWith(Root, StringComparison.Ordinal)))
        {
            byte[] content = Read(name);
            var tag = new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(content).AsSpan(0, 16))}\"");
            routes.MapMethods(name == Index ? "/" : name[(Root.Length - 1)..], [HttpMethods.Get, HttpMethods.Head], context =>
            {
                context.Response.Headers.CacheControl = "no-cache";
                return TypedResults.Bytes(content, TypeOf(name), entityTag: tag).ExecuteAsync(context);
            }).Guarded(Access.Open);
        }
    }

    static byte[] Read(string name)
    {
        using var stream = _assembly.GetManifestResourceStream(name)!;
        byte[] content = new byte[stream.Length];
        stream.ReadExactly(content);
        return content;
    }

    static string TypeOf(string name) => Path.GetExtension(name) switch
    {
        ".html" => "text/html; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".svg" => "image/svg+xml",
        string other => throw new InvalidOperationException($"the page has a file of an unknown kind: {other}"),
    };
}
