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
            { "folder": "Rain", "name": "*door*", "min_seconds": 1, "max_seconds": 2.5, "tag": "wet", "added_after": "2026-02-03",
              "min_score": 0.25, "category": "Metal", "sample_rate_hz": 44100, "channels": 2 }
            """).RootElement;
        Assert.True(JsonElement.DeepEquals(expected, filter), filter.GetRawText());
        await Expect(Chip("Length")).ToHaveTextAsync("Length: 1.0 s – 2.5 s");

        await Page.GetByRole(AriaRole.Button, new() { Name = "Remove filter Length" }).ClickAsync();
        await Expect(Chip("Length")).ToHaveTextAsync("Length");
        await SearchedAsync(search => search.GetProperty("filter").EnumerateObject().Count() == 8);
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
