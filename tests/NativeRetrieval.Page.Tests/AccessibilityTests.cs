using System.Text.Json;
using Microsoft.Playwright;
using NativeRetrieval.TestSupport;
using static Microsoft.Playwright.Assertions;

namespace NativeRetrieval.Page.Tests;

public sealed class AccessibilityTests(Browser browser) : PageTest(browser)
{
    static readonly string _axe = Path.Combine(Fixtures.RepositoryRoot, "src/NativeRetrieval.Server/web/node_modules/axe-core/axe.min.js");

    [Theory]
    [InlineData(ColorScheme.Dark)]
    [InlineData(ColorScheme.Light)]
    public async Task Axe_finds_nothing_serious_in_any_view(ColorScheme colors)
    {
        Assert.SkipUnless(File.Exists(_axe), "axe-core is not installed: it takes Node.js and npm");
        await Page.EmulateMediaAsync(new() { ColorScheme = colors });
        Service.Sounds.CanUpdate = true;
        Service.Sounds.BankSentences = 12;
        await OpenAsync();
        await RequireCleanAsync("before any question");
        await RequireCleanRunAsync();
        await OpenHitsAsync("#q=rain&bank=1");
        await PressAsync("x");
        await PressAsync("ArrowDown");
        await PressAsync(" ");
        await RequireCleanAsync("hits, one picked, one playing");
        await PressAsync("Enter");
        await Expect(Timeline).ToContainTextAsync("Metal-00002.wav");
        await RequireCleanAsync("the timeline");
        await Page.Locator("[data-chip='Length']").ClickAsync();
        await RequireCleanAsync("a filter's fields");
        await PressAsync("Escape");
        await Hits.FocusAsync();
        await PressAsync("s");
        await Expect(Page.Locator("#examples")).ToBeVisibleAsync();
        await PressAsync("?");
        await RequireCleanAsync("an example and the keys");
        await PressAsync("Escape");
        await OpenAsync("#q=rain&name=nothing&like=own~~1~own~door.wav");
        await Expect(Notice).ToContainTextAsync("No link holds");
        await RequireCleanAsync("a problem");
    }

    async Task RequireCleanRunAsync()
    {
        await Page.Locator("#index").ClickAsync();
        await RequireCleanAsync("the index before a run");
        await PressAsync("Enter");
        await UntilAsync(() => Service.Run is not null, "a run");
        for (int i = 1; i <= 20; i++) Service.Run!.Refuse($"/library/Rain/broken-{i}.wav: is no sound");
        Service.Run!.Progress(100, 400, 60, 50, "/library/Rain/thunder.wav");
        await Page.GetByText("20 files refused").ClickAsync();
        await RequireCleanAsync("a run with refused files");
        Service.Run.Fail("a disk is not mounted");
        await Expect(Page.GetByText("a disk is not mounted").First).ToBeVisibleAsync();
        await RequireCleanAsync("a run that failed");
        await PressAsync("Escape");
    }

    [Fact]
    public async Task The_theme_switch_wins_over_the_system_and_is_kept()
    {
        await Page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Dark });
        await OpenAsync();
        string dark = await GroundAsync();
        var theme = Page.GetByRole(AriaRole.Button, new() { Name = "Colours" });
        await theme.ClickAsync();
        await theme.ClickAsync();
        await Expect(theme).ToHaveAccessibleNameAsync("Colours: light");
        string light = await GroundAsync();
        Assert.NotEqual(dark, light);
        await Page.ReloadAsync();
        Assert.Equal(light, await GroundAsync());
    }

    [Fact]
    public async Task On_a_phone_nothing_is_cut_off_at_the_side()
    {
        await Page.SetViewportSizeAsync(360, 740);
        Service.Sounds.CanUpdate = true;
        Service.Run = new MadeUpRun();
        Service.Run.Progress(10_000, 10_001, 60, 50, "/library/Rain/thunder.wav");
        await OpenHitsAsync();
        await Expect(Page.Locator("#index")).ToHaveTextAsync("Indexing 99 %");
        await PressAsync("x");
        await PressAsync("Enter");
        await Expect(Timeline).ToBeVisibleAsync();
        Assert.Equal(360, await Page.EvaluateAsync<int>("() => document.documentElement.scrollWidth"));
        var controls = Page.Locator("header button, #dock button, #asking button, #timeline button, .line button");
        foreach (var control in await controls.AllAsync())
        {
            var box = await control.BoundingBoxAsync();
            Assert.True(box is null || box.X >= 0 && box.X + box.Width <= 360, $"{await control.TextContentAsync()} lies at {box?.X}");
        }
    }

    [Fact]
    public async Task Nothing_moves_by_itself_where_that_is_not_wanted()
    {
        await Page.EmulateMediaAsync(new() { ReducedMotion = ReducedMotion.Reduce });
        await OpenHitsAsync();
        Assert.Equal(0, await Page.EvaluateAsync<int>("() => document.getAnimations().length"));
    }

    Task<string> GroundAsync() => Page.EvaluateAsync<string>("() => getComputedStyle(document.documentElement).backgroundColor");

    async Task RequireCleanAsync(string view)
    {
        await Page.EvaluateAsync(await File.ReadAllTextAsync(_axe, TestContext.Current.CancellationToken));
        var result = await Page.EvaluateAsync<JsonElement>("() => axe.run()");
        var serious = result.GetProperty("violations").EnumerateArray()
            .Where(found => found.GetProperty("impact").GetString() is "serious" or "critical" or "moderate")
            .Select(found => $"{view}: {found.GetProperty("id")}: {found.GetProperty("nodes")[0].GetProperty("html")} "
                + found.GetProperty("nodes")[0].GetProperty("failureSummary"));
        Assert.Empty(serious);
        Assert.NotEmpty(result.GetProperty("passes").EnumerateArray());
    }
}
