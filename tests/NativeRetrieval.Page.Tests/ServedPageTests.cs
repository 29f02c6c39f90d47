using System.Buffers.Binary;
using System.IO.Compression;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using NativeRetrieval.Server.Tests;
using NativeRetrieval.TestSupport;
using static Microsoft.Playwright.Assertions;

namespace NativeRetrieval.Page.Tests;

/// <summary>The page before the real service, with four sounds and a model of random weights: each understands the other.</summary>
public sealed class ServedPageTests(Browser browser)
{
    [Fact]
    public async Task From_a_word_to_a_saved_sound()
    {
        if (Browser.WhyAbsent is { } reason) Assert.Skip(reason);
        await using var service = await TestService.StartAsync();
        await using var window = await browser.WindowAsync(new());
        var page = await window.NewPageAsync();
        var complaints = new List<string>();
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning") complaints.Add(message.Text);
        };
        page.PageError += (_, error) => complaints.Add(error);
        page.RequestFailed += (_, request) => complaints.Add($"{request.Url}: {request.Failure}");
        page.Response += (_, response) =>
        {
            if (response.Status >= 400) complaints.Add($"{response.Status} {response.Url}");
        };
        var hits = page.GetByRole(AriaRole.Listbox, new() { Name = "Hits" });
        var status = page.Locator("#status");

        await page.GotoAsync(service.Host.Address.ToString());
        await Expect(page.Locator("#library")).ToContainTextAsync("4 recordings · 9.5 s");
        await page.GetByLabel("What to look for").FillAsync("rain");
        await Expect(status).ToHaveTextAsync(new Regex("^4 hits in "));
        await Expect(hits.GetByRole(AriaRole.Option).First).ToContainTextAsync("words #1: rain");
        await page.WaitForFunctionAsync(Coloured);

        // A filter, then every stretch of the long recording, played.
        await page.Locator("[data-chip='Name']").ClickAsync();
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Combobox).FillAsync("high*");
        await page.Keyboard.PressAsync("Escape");
        await Expect(status).ToHaveTextAsync(new Regex("^1 hit in "));
        await hits.FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.Locator("#timeline .marks li")).ToHaveCountAsync(4);
        await page.Keyboard.PressAsync("]");
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Pause" })).ToBeVisibleAsync();
        await page.Keyboard.PressAsync("Escape");
        await page.GetByRole(AriaRole.Button, new() { Name = "Remove filter Name" }).ClickAsync();
        await Expect(status).ToHaveTextAsync(new Regex("^4 hits in "));

        await hits.FocusAsync();
        await page.Keyboard.PressAsync("s");
        await Expect(hits.GetByRole(AriaRole.Option).First).ToContainTextAsync("1.000");

        await page.Locator("input[type=file]").SetInputFilesAsync(service["s/deep/rain.wav"]);
        await Expect(page.Locator("#examples")).ToContainTextAsync("rain.wav");
        await Expect(hits.GetByRole(AriaRole.Option).First).ToContainTextAsync("rain.wav");
        await Expect(hits.GetByRole(AriaRole.Option).First).ToContainTextAsync("1.000");

        await hits.FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.Locator("#timeline .marks li")).ToHaveTextAsync(["0:00.0 – 0:01.51.000"]);
        await page.Keyboard.PressAsync("Escape");

        await page.Keyboard.PressAsync("x");
        var saved = await page.RunAndWaitForDownloadAsync(() => page.GetByRole(AriaRole.Button, new() { Name = "ZIP" }).ClickAsync());
        using var zip = ZipFile.OpenRead(await saved.PathAsync());
        using var wav = new MemoryStream();
        await zip.Entries.Single().Open().CopyToAsync(wav, TestContext.Current.CancellationToken);
        Assert.Equal(2 * 16_000 * 3 / 2, BinaryPrimitives.ReadInt32LittleEndian(wav.ToArray().AsSpan(40)));
        Assert.DoesNotContain(complaints, text => !text.Contains("ERR_ABORTED", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_sound_that_was_put_into_the_folder_is_indexed_from_the_page_and_found()
    {
        if (Browser.WhyAbsent is { } reason) Assert.Skip(reason);
        using var sounds = new TemporaryFolder();
        WavFile.Write(sounds["bell.wav"], 1, 1_200);
        File.WriteAllText(sounds["broken.wav"], "no sound");
        await using var service = await TestService.StartAsync(options => options with { SoundFolders = [sounds.FullPath] });
        await using var window = await browser.WindowAsync(new());
        var page = await window.NewPageAsync();
        await page.GotoAsync($"{service.Host.Address}#q=bell");
        await Expect(page.Locator("#status")).ToHaveTextAsync(new Regex("^4 hits in "));
        await page.GetByRole(AriaRole.Button, new() { Name = "Index", Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Bring up to date" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Dialog)).ToContainTextAsync("1 added, 1 refused");
        await Expect(page.Locator("#status")).ToHaveTextAsync(new Regex("^5 hits in "));
        await Expect(page.Locator(".row").First).ToContainTextAsync("bell.wav");
    }

    /// <summary>True once the first picture has the colours of a spectrogram.</summary>
    const string Coloured = """
        () => {
          const canvas = document.querySelector('.row canvas');
          // Of a copy: the browser warns of a canvas that is read twice.
          const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d', { willReadFrequently: true });
          copy.drawImage(canvas, 0, 0);
          const { data } = copy.getImageData(0, canvas.height / 2, canvas.width, canvas.height / 2);
          for (let i = 0; i < data.length; i += 4) if (data[i] > 100 && data[i] > data[i + 1] + 40) return true;
          return false;
        }
        """;
}
