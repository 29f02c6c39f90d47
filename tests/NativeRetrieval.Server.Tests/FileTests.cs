using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Engine;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Server.Tests;

public sealed class FileTests(SharedService shared) : IClassFixture<SharedService>
{
    readonly TestService _service = shared.Service;

    [Fact]
    public async Task The_indexes_are_listed_with_what_filters_can_take()
    {
        var index = (await _service.GetJsonAsync("/v1/indexes")).GetProperty("indexes")[0];
        Assert.Equal(("sounds", 4, 7, 9.5, "tiny"), (index.GetProperty("name").GetString(), index.GetProperty("files").GetInt32(),
            index.GetProperty("windows").GetInt32(), index.GetProperty("seconds").GetDouble(), index.GetProperty("model").GetString()));
        Assert.Equal([_service["s"], _service["s/deep"]], index.GetProperty("folders").EnumerateArray().Select(folder =>
            folder.GetString()));
    }

    [Fact]
    public async Task A_file_has_details_and_windows()
    {
        string id = await _service.IdOf("high.wav");
        var file = await _service.GetJsonAsync($"/v1/files/{id}");
        Assert.Equal((id, "high.wav", 160_044), (file.GetProperty("id").GetString(), file.GetProperty("name").GetString(),
            file.GetProperty("size_bytes").GetInt32()));
        Assert.Equal([0.0, 1, 2, 3], file.GetProperty("windows").EnumerateArray()
            .Select(window => window.GetProperty("start_seconds").GetDouble()));
    }

    [Fact]
    public async Task A_file_is_sent_whole_in_ranges_and_not_again()
    {
        string path = $"/v1/audio/{await _service.IdOf("low.wav")}";
        byte[] expected = await File.ReadAllBytesAsync(_service["s/low.wav"], TestContext.Current.CancellationToken);
        var whole = await _service.GetAsync(path);
        Assert.Equal(("audio/wav", "bytes"), (whole.Content.Headers.ContentType?.MediaType, whole.Headers.AcceptRanges.Single()));
        Assert.Equal(expected, await whole.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));

        var part = await Send(new RangeHeaderValue(44, 143));
        Assert.Equal(HttpStatusCode.PartialContent, part.StatusCode);
        Assert.Equal($"bytes 44-143/{expected.Length}", part.Content.Headers.ContentRange?.ToString());
        Assert.Equal(expected[44..144], await part.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        Assert.Equal(expected[^10..],
            await (await Send(new RangeHeaderValue(null, 10))).Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        Assert.Equal(HttpStatusCode.RequestedRangeNotSatisfiable, (await Send(new RangeHeaderValue(1 << 20, null))).StatusCode);

        using var again = new HttpRequestMessage(HttpMethod.Get, path);
        again.Headers.IfNoneMatch.Add(whole.Headers.ETag!);
        Assert.Equal(HttpStatusCode.NotModified, (await _service.Client.SendAsync(again,
            TestContext.Current.CancellationToken)).StatusCode);

        using var head = new HttpRequestMessage(HttpMethod.Head, path);
        var length = await _service.Client.SendAsync(head, TestContext.Current.CancellationToken);
        Assert.Equal((HttpStatusCode.OK, (long)expected.Length), (length.StatusCode, length.Content.Headers.ContentLength!.Value));

        async Task<HttpResponseMessage> Send(RangeHeaderValue range)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            request.Headers.Range = range;
            return await _service.Client.SendAsync(request, TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task A_stretch_is_sent_as_WAV_with_the_files_own_samples()
    {
        string id = await _service.IdOf("low.wav");
        byte[] wav = await BytesOf(await _service.GetAsync($"/v1/audio/{id}?as=wav&start_seconds=0.25&end_seconds=0.5"));
        byte[] file = await File.ReadAllBytesAsync(_service["s/low.wav"], TestContext.Current.CancellationToken);
        Assert.Equal(file[(44 + 8000)..(44 + 16_000)], wav[^8000..]);
        byte[] whole = await BytesOf(await _service.GetAsync($"/v1/audio/{id}?as=wav"));
        Assert.Equal(file[44..], whole[^32_000..]);
    }

    [Fact]
    public async Task Peaks_are_the_extremes_of_each_piece()
    {
        string id = await _service.IdOf("low.wav");
        var peaks = await _service.GetJsonAsync($"/v1/audio/{id}/peaks?points=10&start_seconds=0.5&end_seconds=1");
        Assert.Equal((0.5, 1.0), (peaks.GetProperty("start_seconds").GetDouble(), peaks.GetProperty("end_seconds").GetDouble()));
        short[] samples = Samples(await File.ReadAllBytesAsync(_service["s/low.wav"], TestContext.Current.CancellationToken));
        var expected = samples[8000..].Chunk(800).Select(piece => (piece.Min() / 32768f, piece.Max() / 32768f));
        Assert.Equal(expected, peaks.GetProperty("points").EnumerateArray().Select(point => (point[0].GetSingle(), point[1].GetSingle())));
    }

    [Fact]
    public async Task A_spectrogram_is_grey_and_a_higher_tone_stands_higher()
    {
        int low = await LoudestRow("low.wav"), middle = await LoudestRow("rain.wav"), high = await LoudestRow("high.wav");
        Assert.True(low > middle && middle > high, $"{low} {middle} {high}"); // row 0 is the top

        async Task<int> LoudestRow(string name)
        {
            byte[] png = await BytesOf(await _service.GetAsync($"/v1/audio/{await _service.IdOf(name)}/spectrogram?width=50"));
            var (width, height, levels) = PngOf(png);
            Assert.Equal((50, 64), (width, height));
            Assert.Equal(255, levels.Max());
            return Enumerable.Range(0, height).MaxBy(row => levels.AsSpan(row * width, width).ToArray().Sum(level => level));
        }
    }

    [Theory]
    [InlineData("?as=mp3", "as is 'mp3'")]
    [InlineData("?start_seconds=1", "ask with as=wav")]
    [InlineData("?as=wav&start_seconds=3", "the file has 1.000 s")]
    [InlineData("?as=wav&start_seconds=-1", "is not possible")]
    [InlineData("/peaks?points=0", "points is 0; expected 1 to 8,192")]
    [InlineData("/spectrogram?width=100000", "width is 100000")]
    [InlineData("/spectrogram?start_seconds=0.5&end_seconds=0.5", "is not possible")]
    public async Task A_stretch_that_is_not_there_is_refused(string rest, string reason) => Assert.Contains(reason,
        await TestService.RefusalOf(await _service.GetAsync($"/v1/audio/{await _service.IdOf("low.wav")}{rest}"),
            HttpStatusCode.UnprocessableEntity));

    [Theory]
    [InlineData("..%2f..%2fetc%2fpasswd")]
    [InlineData("../../../../etc/passwd")]
    [InlineData("..\\..\\windows\\win.ini")]
    [InlineData("..%5c..%5cwindows%5cwin.ini")]
    [InlineData("%2e%2e/%2e%2e/etc/passwd")]
    [InlineData("%252e%252e%252fetc%252fpasswd")]
    [InlineData("/etc/passwd")]
    [InlineData("%2fetc%2fpasswd")]
    [InlineData("file:%2f%2f%2fetc%2fpasswd")]
    [InlineData("....//....//etc/passwd")]
    [InlineData("..%c0%afetc%c0%afpasswd")]
    [InlineData("etc/passwd%00.wav")]
    [InlineData("~root")]
    [InlineData(".")]
    [InlineData("low.wav")]
    [InlineData("sounds.nrx%2fcatalogue.db")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("..%2f..%2f..%2fetc%2fpassw")]
    public async Task No_id_leads_out_of_the_index(string id)
    {
        string page = await _service.Client.GetStringAsync("/", TestContext.Current.CancellationToken); // "/." is "/"
        foreach (string path in (string[])["/v1/audio/{0}", "/v1/files/{0}", "/v1/audio/{0}/peaks", "/v1/audio/{0}/spectrogram",
            "/v1/audio/{0}?as=wav", "/v1/similar?id={0}", "/assets/{0}", "/{0}"])
        {
            var uri = new Uri(_service.Host.Address + path.Replace("{0}", id)[1..], new UriCreationOptions
            {
                DangerousDisablePathAndQueryCanonicalization = true,
            });
            var response = await _service.Client.GetAsync(uri, TestContext.Current.CancellationToken);
            string text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            Assert.True(response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.BadRequest || text == page,
                $"{path}: {response.StatusCode}");
            Assert.DoesNotContain("root:", text);
            Assert.DoesNotContain(_service.IndexFolder, text);
        }
    }

    [Fact]
    public async Task A_file_that_is_not_the_indexed_one_is_not_sent()
    {
        await using var service = await TestService.StartAsync();
        string id = await service.IdOf("low.wav");
        File.Delete(service["s/low.wav"]);
        await TestService.RefusalOf(await service.GetAsync($"/v1/audio/{id}"), HttpStatusCode.NotFound);
        await File.WriteAllTextAsync(service["secret"], "a secret", TestContext.Current.CancellationToken);
        File.CreateSymbolicLink(service["s/low.wav"], service["secret"]);
        foreach (string rest in (string[])["", "?as=wav", "/peaks", "/spectrogram"])
            Assert.Contains("was changed since it was indexed",
                await TestService.RefusalOf(await service.GetAsync($"/v1/audio/{id}{rest}"), HttpStatusCode.Conflict));
    }

    [Fact]
    public async Task Commits_of_others_and_an_index_in_its_place_are_seen()
    {
        await using var service = await TestService.StartAsync();
        Assert.Equal(4, await Files());
        using var engine = RetrievalEngine.Open(service["tiny"], CpuDevice.Shared);
        WavFile.Write(service["s/new.wav"], 1, 500);
        await TestService.IndexAsync(engine, service.IndexFolder, service["s"]);
        Assert.Equal(5, await Files());
        string id = await service.IdOf("new.wav");

        Directory.Delete(service.IndexFolder, recursive: true);
        Assert.Contains("there is no index", await TestService.RefusalOf(await service.GetAsync("/v1/indexes"),
            HttpStatusCode.ServiceUnavailable));
        await TestService.IndexAsync(engine, service.IndexFolder, service["s/deep"]);
        Assert.Equal(2, await Files());
        Assert.Equal(2, (await service.GetJsonAsync("/v1/search?q=rain")).GetProperty("hits").GetArrayLength());
        await TestService.RefusalOf(await service.GetAsync($"/v1/files/{id}"), HttpStatusCode.NotFound);

        async Task<int> Files() =>
            (await service.GetJsonAsync("/v1/indexes")).GetProperty("indexes")[0].GetProperty("files").GetInt32();
    }

    [Fact]
    public async Task A_selection_is_exported_as_table_playlist_and_excerpts()
    {
        string dog = await _service.IdOf("dog, barking.wav"), low = await _service.IdOf("low.wav");
        object[] hits =
        [
            new { id = dog, start_seconds = 0.5, end_seconds = 1.5, rank = 3, score = -0.25, percentile = 99.5, sound_rank = 2,
                word_rank = 1, words = new[] { "=dog", "bark" } },
            new { id = low },
        ];
        string dogPath = _service["s/deep/dog, barking.wav"], lowPath = _service["s/low.wav"];

        var csv = await _service.PostAsync("/v1/export", new { format = "csv", hits });
        Assert.Equal(("text/csv", "hits.csv"), (csv.Content.Headers.ContentType?.MediaType,
            csv.Content.Headers.ContentDisposition?.FileName));
        string table = await csv.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Matches("^rank,path,.*,other\n"
            + $"3,\"{dogPath}\",0.5,1.5,-0.25,99.5,2,1,,'=dog bark,2,16000,1,20[^,]*Z,,,,,,,\n"
            + $",{lowPath},0,1,,,,,,,1,16000,1,20[^,]*Z,,,,,,,\n$", table);

        var m3u = await _service.PostAsync("/v1/export", new { format = "m3u", hits });
        Assert.Equal("#EXTM3U\n"
            + $"#EXTINF:1,dog, barking.wav\n#EXTVLCOPT:start-time=0.5\n#EXTVLCOPT:stop-time=1.5\n{dogPath}\n"
            + $"#EXTINF:1,low.wav\n#EXTVLCOPT:start-time=0\n#EXTVLCOPT:stop-time=1\n{lowPath}\n",
            await m3u.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));

        using var zip = new ZipArchive(new MemoryStream(await BytesOf(await _service.PostAsync("/v1/export", new { format = "zip",
            hits }))));
        Assert.Equal(["01-dog,_barking-0m00.5s.wav", "02-low-0m00.0s.wav"], zip.Entries.Select(entry => entry.Name));
        using var entry = new MemoryStream();
        await zip.Entries[0].Open().CopyToAsync(entry, TestContext.Current.CancellationToken);
        byte[] file = await File.ReadAllBytesAsync(dogPath, TestContext.Current.CancellationToken);
        Assert.Equal(file[(44 + 16_000)..(44 + 48_000)], entry.ToArray()[^32_000..]);
    }

    [Theory]
    [InlineData("""{"format":"csv","hits":[]}""", "expected 1 to 10,000")]
    [InlineData("""{"format":"csv","hits":[null]}""", "a hit is null")]
    [InlineData("""{"format":"csv","hits":[{"id":"ID","score":"much"}]}""", "not the JSON that is expected")]
    [InlineData("""{"format":"doc","hits":[{"id":"ID"}]}""", "format is 'doc'; expected csv, m3u or zip")]
    [InlineData("""{"format":"zip","hits":[{"id":"ID","start_seconds":7}]}""", "the file has 1.000 s")]
    public async Task A_selection_that_cannot_be_exported_is_refused(string body, string reason)
    {
        using var content = new StringContent(body.Replace("ID", await _service.IdOf("low.wav")),
            new MediaTypeHeaderValue("application/json"));
        Assert.Contains(reason, await TestService.RefusalOf(
            await _service.Client.PostAsync("/v1/export", content, TestContext.Current.CancellationToken),
                HttpStatusCode.UnprocessableEntity));
    }

    static async Task<byte[]> BytesOf(HttpResponseMessage response)
    {
        byte[] bytes = await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        Assert.True(response.IsSuccessStatusCode, System.Text.Encoding.UTF8.GetString(bytes));
        return bytes;
    }

    static short[] Samples(byte[] wav) => [.. wav[44..].Chunk(2).Select(pair => BitConverter.ToInt16(pair))];

    static (int Width, int Height, byte[] Levels) PngOf(byte[] png)
    {
        int width = Number(16), height = Number(20);
        using var zlib = new ZLibStream(new MemoryStream(png, 41, Number(33)), CompressionMode.Decompress);
        using var rows = new MemoryStream();
        zlib.CopyTo(rows);
        Assert.Equal(height * (width + 1), rows.Length);
        return (width, height, [.. rows.ToArray().Chunk(width + 1).SelectMany(row => row[1..])]);

        int Number(int at) => System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(at));
    }
}
