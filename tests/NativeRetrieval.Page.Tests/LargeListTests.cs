using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace NativeRetrieval.Page.Tests;

public sealed class LargeListTests(Browser browser) : PageTest(browser)
{
    const int MostRows = 40;

    [Fact]
    public async Task A_hundred_thousand_rows_scroll_and_few_exist()
    {
        Service.Sounds.Count = 100_000;
        await OpenHitsAsync();
        await Expect(Status).ToHaveTextAsync("100,000 hits in 7 ms");
        await PressAsync("End");
        await Expect(Current).ToContainTextAsync("Birds-100000.wav");
        await Expect(Current).ToHaveAttributeAsync("aria-posinset", "100000");
        Assert.InRange(await RowsAsync(), 1, MostRows);

        await Hits.EvaluateAsync("box => { box.scrollTop = box.scrollHeight / 2; }");
        await Expect(Hits.GetByRole(AriaRole.Option).Filter(new() { HasText = "Metal-50002.wav" })).ToBeVisibleAsync();
        // The current row stays, for screen readers, wherever the list is scrolled.
        await Expect(Current).ToHaveAttributeAsync("aria-posinset", "100000");
        Assert.InRange(await RowsAsync(), 1, MostRows);
        Assert.InRange(Service.Searches.Count, 3, 8);

        for (int i = 0; i < 30; i++) await Hits.EvaluateAsync("(box, i) => { box.scrollTop = i * box.scrollHeight / 30; }", i);
        await PressAsync("Home");
        await Expect(Current).ToContainTextAsync("Rain-00001.wav");
        Assert.InRange(await RowsAsync(), 1, MostRows);
    }

    [Fact]
    public async Task A_list_of_unknown_length_grows_as_it_is_read()
    {
        (Service.Sounds.Count, Service.Sounds.SaysTotal) = (250, false);
        await OpenHitsAsync();
        await Expect(Status).ToHaveTextAsync("The first 100 hits in 7 ms");
        for (int i = 0; i < 3; i++)
        {
            await PressAsync("End");
            await Expect(Current).Not.ToHaveClassAsync(new System.Text.RegularExpressions.Regex("waiting"));
        }
        await PressAsync("End");
        await Expect(Current).ToContainTextAsync("Metal-00250.wav");
        await Expect(Status).ToHaveTextAsync("250 hits in 7 ms");
    }

    Task<int> RowsAsync() => Page.Locator(".row").CountAsync();
}
