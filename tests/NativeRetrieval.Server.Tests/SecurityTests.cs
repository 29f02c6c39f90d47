using System.Net;
using System.Net.Http.Headers;
using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Server.Tests;

public sealed class SecurityTests(SharedService shared) : IClassFixture<SharedService>
{
    const string Key = "0123456789abcdef-KEY";

    readonly TestService _service = shared.Service;

    [Theory]
    [InlineData("/v1/indexes", HttpStatusCode.OK)]
    [InlineData("/v1/search", HttpStatusCode.UnprocessableEntity)]
    [InlineData("/v1/nothing", HttpStatusCode.NotFound)]
    [InlineData("/nothing", HttpStatusCode.NotFound)]
    [InlineData("/health", HttpStatusCode.OK)]
    [InlineData("/metrics", HttpStatusCode.OK)]
    [InlineData("/openapi/v1.json", HttpStatusCode.OK)]
    public async Task Every_answer_has_the_security_headers(string path, HttpStatusCode status)
    {
        var response = await _service.GetAsync(path);
        Assert.Equal(status, response.StatusCode);
        string policy = Header("Content-Security-Policy");
        Assert.StartsWith("default-src 'none'; script-src 'self'; style-src 'self';", policy);
        Assert.EndsWith("frame-ancestors 'none'", policy);
        Assert.DoesNotContain("unsafe", policy);
        Assert.Equal(("nosniff", "no-referrer", "same-origin", "same-origin"), (Header("X-Content-Type-Options"), Header("Referrer-Policy"),
            Header("Cross-Origin-Resource-Policy"), Header("Cross-Origin-Opener-Policy")));
        Assert.False(response.Headers.Contains("Server"));
        Assert.False(response.Headers.Contains("Access-Control-Allow-Origin"));

        string Header(string name) => response.Headers.GetValues(name).Single();
    }

    [Theory]
    [InlineData("evil.example")]
    [InlineData("127.0.0.1.evil.example")]
    [InlineData("localhost.evil.example:8321")]
    [InlineData("192.168.0.1")]
    public async Task A_name_that_was_made_to_lead_here_is_refused(string host)
    {
        foreach (string path in (string[])["/v1/indexes", "/health", "/"])
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            request.Headers.Host = host;
            Assert.Contains("the Host header names another machine", await TestService.RefusalOf(
                await _service.Client.SendAsync(request, TestContext.Current.CancellationToken), HttpStatusCode.Forbidden));
        }
    }

    [Theory]
    [InlineData("localhost")]
    [InlineData("LOCALHOST:1")]
    [InlineData("127.0.0.1:99")]
    [InlineData("[::1]:8321")]
    public async Task A_name_of_this_machine_is_answered(string host)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/indexes");
        request.Headers.Host = host;
        Assert.Equal(HttpStatusCode.OK, (await _service.Client.SendAsync(request, TestContext.Current.CancellationToken)).StatusCode);
    }

    [Theory]
    [InlineData("Origin", "https://evil.example")]
    [InlineData("Origin", "null")]
    [InlineData("Origin", "http://127.0.0.1:1")]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    [InlineData("Sec-Fetch-Site", "same-site")]
    public async Task A_page_of_another_site_may_not_post(string header, string value)
    {
        Assert.Contains("a page of another site", await TestService.RefusalOf(await Post(header, value), HttpStatusCode.Forbidden));
        string own = _service.Host.Address.GetLeftPart(UriPartial.Authority);
        Assert.Equal(HttpStatusCode.OK, (await Post("Origin", own)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await Post("Sec-Fetch-Site", "same-origin")).StatusCode);

        async Task<HttpResponseMessage> Post(string name, string text)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/search");
            request.Content = new StringContent("""{"parts":[{"text":"rain"}]}""", new MediaTypeHeaderValue("application/json"));
            request.Headers.Add(name, text);
            return await _service.Client.SendAsync(request, TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task A_service_with_a_key_answers_those_who_have_it()
    {
        await using var service = await TestService.StartAsync(options => options with { Key = Key });
        foreach (string? given in (string?[])[null, "", $"Bearer {Key}x", $"Bearer {Key[..^1]}", $"Basic {Key}", "Bearer",
            $"Bearer {Key.ToLowerInvariant()}"])
            foreach (string path in (string[])["/v1/indexes", "/v1/search?q=rain", "/v1/nothing", "/metrics", "/openapi/v1.json"])
            {
                var refused = await Get(path, given);
                Assert.Equal("Bearer", refused.Headers.WwwAuthenticate.Single().Scheme);
                Assert.Contains("takes a key", await TestService.RefusalOf(refused, HttpStatusCode.Unauthorized));
            }
        Assert.Equal(HttpStatusCode.OK, (await Get("/v1/indexes", $"Bearer {Key}")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await Get("/health", null)).StatusCode);

        // The key stands for the asker, whatever name leads here.
        using var elsewhere = new HttpRequestMessage(HttpMethod.Get, "/v1/indexes");
        elsewhere.Headers.Host = "sounds.example";
        elsewhere.Headers.TryAddWithoutValidation("Authorization", $"Bearer {Key}");
        Assert.Equal(HttpStatusCode.OK, (await service.Client.SendAsync(elsewhere, TestContext.Current.CancellationToken)).StatusCode);

        async Task<HttpResponseMessage> Get(string path, string? authorization)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            if (authorization is not null) request.Headers.TryAddWithoutValidation("Authorization", authorization);
            return await service.Client.SendAsync(request, TestContext.Current.CancellationToken);
        }
    }

    [Theory]
    [InlineData("short")]
    [InlineData("a key with spaces in it")]
    [InlineData("Schlüssel-0123456789")]
    public void A_key_that_is_short_or_cannot_be_sent_is_refused(string key) =>
        Assert.Throws<OptionException>(() => new ServerOptions { Indexes = ["a.nrx"], Key = key }.Validate());

    [Fact]
    public async Task Without_a_key_no_other_address_than_loopback_is_listened_on()
    {
        var error = await Assert.ThrowsAsync<OptionException>(() =>
            ServerHost.StartAsync(_service.Options, IPAddress.Any, 0, cancellation: TestContext.Current.CancellationToken));
        Assert.Contains("takes a key", error.Message);
    }

    [Fact]
    public async Task A_port_in_use_is_one_message()
    {
        var error = await Assert.ThrowsAsync<NativeRetrievalException>(() => ServerHost.StartAsync(_service.Options, IPAddress.Loopback,
            _service.Host.Address.Port, cancellation: TestContext.Current.CancellationToken));
        Assert.Equal($"127.0.0.1:{_service.Host.Address.Port} is in use by another program; choose another port", error.Message);
    }
}
