using System.Globalization;
using System.Net.Http.Headers;
using System.Net;
using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.WeightsConvert.Catalogue;

/// <summary>
/// One request and the redirections that it is sent through: http and https only, counted, never from https to http unasked.
/// </summary>
sealed class Exchange(HttpClient http, TimeProvider time, DownloadOptions options, Uri url)
{
    /// <summary>Asks for the file from byte <paramref name="from"/> on.</summary>
    /// <param name="from">First byte wanted; 0: the whole file.</param>
    /// <param name="validator">Content of <c>If-Range</c>; null: none.</param>
    /// <returns>The first response that is no redirection, its body not read.</returns>
    /// <exception cref="DownloadException">A redirection leads where none is followed.</exception>
    /// <exception cref="IOException">Nothing arrived for too long.</exception>
    public async Task<HttpResponseMessage> SendAsync(long from, string? validator, CancellationToken cancellation)
    {
        var at = url;
        for (int hops = 0; ; hops++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, at);
            request.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue("identity"));
            if (from > 0) request.Headers.Range = new RangeHeaderValue(from, null);
            if (from > 0 && validator is not null) request.Headers.TryAddWithoutValidation("If-Range", validator);
            var response = await Patience.WaitAsync(time, options.Stall,
                token => http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, token), cancellation).ConfigureAwait(false);
            if (!IsRedirection(response.StatusCode)) return response;
            using (response) at = Next(at, response);
            if (hops == options.Redirections)
                throw new DownloadException(url, string.Create(CultureInfo.InvariantCulture,
                    $"the server sends in a circle: {hops + 1} redirections, the last to {at.AbsoluteUri}"));
        }
    }

    Uri Next(Uri at, HttpResponseMessage response)
    {
        if (response.Headers.Location is not { } location || !Uri.TryCreate(at, location, out var next))
            throw new DownloadException(url, $"the server says {(int)response.StatusCode}, a redirection, and names no address");
        if (next.Scheme is not ("http" or "https"))
            throw new DownloadException(url, $"the server redirects to {PlainText.Short(next.AbsoluteUri)}, which is no web address");
        if (at.Scheme == Uri.UriSchemeHttps && next.Scheme == Uri.UriSchemeHttp && !options.AllowHttp)
            throw new DownloadException(url, $"the server redirects from https to {PlainText.Short(next.AbsoluteUri)}, on which anybody "
                + "in between can change the file; --allow-http follows it");
        return next;
    }

    static bool IsRedirection(HttpStatusCode status) => status is HttpStatusCode.Moved or HttpStatusCode.Found or HttpStatusCode.SeeOther
        or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect;
}

/// <summary>Waits for the network that end.</summary>
static class Patience
{
    /// <summary>Waits for an answer, but no longer than <paramref name="stall"/>.</summary>
    /// <exception cref="IOException">Nothing arrived in that time.</exception>
    public static async Task<T> WaitAsync<T>(TimeProvider time, TimeSpan stall, Func<CancellationToken, Task<T>> answer,
        CancellationToken cancellation)
    {
        using var patience = new CancellationTokenSource(stall, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, patience.Token);
        try
        {
            return await answer(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new IOException(string.Create(CultureInfo.InvariantCulture, $"nothing arrived for {stall.TotalSeconds} s"));
        }
    }
}
