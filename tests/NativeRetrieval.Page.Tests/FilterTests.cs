using System.Text.Json;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace NativeRetrieval.Page.Tests;

public sealed class FilterTests(Browser browser) : PageTest(browser)
{
    [Fact]
    public async Task Every_chip_filters()
    {
        await OpenHitsAsync();
        await FillAsync("Folder", "Folder", "Rain");
        await FillAsync("Name", "Name, * and ? stand for any letters", "*door*");
        await FillAsync("Length", "At least, seconds", "1");
        await FillAsync("Length", "At most, seconds", "2.5");
        await FillAsync("Tag", "Tag", "wet");
        await FillAsync("Added", "Added after", "2026-02-03");
        await FillAsync("Score", "At least, −1 to 1", "0.25");
        await ChooseAsync("Category", "Category", "Metal (21)");
        await ChooseAsync("Format", "Sample rate", "44.1 kHz");
        await ChooseAsync("Format", "Channels", "stereo");

        var filter = (await SearchedAsync(search => search.GetProperty("filter").EnumerateObject().Count() == 10)).GetProperty("filter");
        var expected = JsonDocument.Parse("""
            { "folder": ["Rain"], "name": ["*door*"], "min_seconds": 1, "max_seconds": 2.5, "tag": ["wet"], "added_after": "2026-02-03",
              "min_score": 0.25, "category": ["Metal"], "sample_rate_hz": [44100], "channels": [2] }
            """).RootElement;
        Assert.True(JsonElement.DeepEquals(expected, filter), filter.GetRawText());
        await Expect(Chip("Length")).ToHaveTextAsync("Length: 1.0 s – 2.5 s");

        await Page.GetByRole(AriaRole.Button, new() { Name = "Remove filter Length" }).ClickAsync();
        await Expect(Chip("Length")).ToHaveTextAsync("Length");
        await SearchedAsync(search => search.GetProperty("filter").EnumerateObject().Count() == 8);
    }

    [Fact]
    public async Task A_chip_takes_several_values_and_a_link_holds_them()
    {
        await OpenHitsAsync();
        await FillAsync("Folder", "Folder", "Rain");
        await FillAsync("Folder", "or another", "Wind");
        await ChooseAsync("Format", "Channels", "stereo");
        await Chip("Format").ClickAsync();
        await Page.GetByRole(AriaRole.Dialog).GetByLabel("or another").Last.SelectOptionAsync("mono");
        await PressAsync("Escape");
        await RequireAsync("""{ "folder": ["Rain", "Wind"], "channels": [2, 1] }""");
        await Expect(Chip("Folder")).ToHaveTextAsync("Folder: Rain or Wind");
        await Expect(Chip("Format")).ToHaveTextAsync("Format: stereo or mono");
        await Page.WaitForFunctionAsync("() => location.hash.includes('in=Rain&in=Wind&channels=2&channels=1')");

        var copy = await Page.Context.NewPageAsync();
        await copy.GotoAsync(Page.Url);
        await Expect(copy.Locator("[data-chip='Folder']")).ToHaveTextAsync("Folder: Rain or Wind");
        await copy.CloseAsync();

        // What is emptied is no value.
        await Chip("Folder").ClickAsync();
        await Page.GetByRole(AriaRole.Dialog).GetByLabel("Folder").FillAsync("");
        await PressAsync("Escape");
        await RequireAsync("""{ "folder": ["Wind"], "channels": [2, 1] }""");
        await Page.GetByRole(AriaRole.Button, new() { Name = "Remove filter Folder" }).ClickAsync();
        await RequireAsync("""{ "channels": [2, 1] }""");

        async Task RequireAsync(string filter)
        {
            var expected = JsonDocument.Parse(filter).RootElement;
            await SearchedAsync(search => JsonElement.DeepEquals(expected, search.GetProperty("filter")));
        }
    }

    [Fact]
    public async Task Filters_that_nothing_passes_can_be_taken_away_together()
    {
        await OpenAsync("#q=rain&name=nothing");
        await Expect(Page.GetByText("No sound passes these filters.")).ToBeVisibleAsync();
        await Expect(Status).ToHaveTextAsync("No hits");
        await Page.GetByRole(AriaRole.Button, new() { Name = "Remove all filters" }).ClickAsync();
        await Expect(Status).ToHaveTextAsync("87 hits in 7 ms");
    }

    [Fact]
    public async Task Escape_closes_a_chip_and_gives_the_focus_back()
    {
        await OpenHitsAsync();
        await Chip("Folder").ClickAsync();
        await Expect(Page.GetByRole(AriaRole.Dialog, new() { Name = "Folder" }).GetByLabel("Folder")).ToBeFocusedAsync();
        await PressAsync("Escape");
        await Expect(Page.GetByRole(AriaRole.Dialog)).ToBeHiddenAsync();
        await Expect(Chip("Folder")).ToBeFocusedAsync();
    }

    ILocator Chip(string name) => Page.Locator($"[data-chip='{name}']");

    async Task FillAsync(string chip, string label, string value)
    {
        await Chip(chip).ClickAsync();
        await Page.GetByRole(AriaRole.Dialog).GetByLabel(label).FillAsync(value);
        await PressAsync("Escape");
    }

    async Task ChooseAsync(string chip, string label, string value)
    {
        await Chip(chip).ClickAsync();
        await Page.GetByRole(AriaRole.Dialog).GetByLabel(label).SelectOptionAsync(value);
        await PressAsync("Escape");
    }
}
